/* Questions at a steady rate, each answer timed: what a client sees of a server that is not busy.
 *
 * The clock decides when a question is sent, not the answer before (an open loop), so a pause of
 * the server is felt by every question that falls into it. It never sleeps, as a core that slept
 * answers later, so it needs a core of its own. Where it has to share one, `rest` has it sleep
 * while no answer is awaited.
 *
 * Time runs from the system call that sends until the kernel has the answer (SO_TIMESTAMPNS in
 * socket(7)): that this program itself came late, as others ran on its core, is not the server's.
 *
 * Usage: paced PORT RATE SECONDS QUESTIONS OUT [rest]. QUESTIONS are messages with two octets of
 * length before each, as over TCP (RFC 1035 section 4.2.2). SIGTERM ends it before its time. OUT
 * gets two 64-bit integers for each question in the order of their ends: nanoseconds of
 * CLOCK_MONOTONIC when it was sent, and until its answer (-1 if none came within two seconds).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { PACKET = 4096, IDENTIFIERS = 65536, HEADER = 12 };
static const int64_t SECOND = 1000000000, PATIENCE = 2 * SECOND;

struct sent {
    int64_t at;   /* CLOCK_MONOTONIC; 0: nothing is asked under this identifier */
    int64_t real; /* the same moment on CLOCK_REALTIME, which the kernel's stamps are of */
};
static struct sent sent[IDENTIFIERS];
static int waiting; /* questions without an answer yet */
static FILE *out;
static volatile sig_atomic_t told_to_end;

static void told(int number) {
    (void)number;
    told_to_end = 1;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int64_t nanoseconds(struct timespec at) {
    return at.tv_sec * SECOND + at.tv_nsec;
}

static int64_t now(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return nanoseconds(at);
}

static void record(int64_t at, int64_t took) {
    int64_t pair[2] = {at, took};
    if (fwrite(pair, sizeof pair, 1, out) != 1) die("write");
}

static void rest_until(int64_t at) {
    struct timespec then = {.tv_sec = at / SECOND, .tv_nsec = at % SECOND};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
}

static unsigned char *whole_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) die(path);
    *size = ftell(file);
    rewind(file);
    unsigned char *octets = malloc(*size);
    if (!octets || fread(octets, 1, *size, file) != *size) die(path);
    fclose(file);
    return octets;
}

static int connected(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int on = 1;
    if (client < 0 || connect(client, (struct sockaddr *)&address, sizeof address)) die("socket");
    if (setsockopt(client, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on)) die("SO_TIMESTAMPNS");
    return client;
}

static void ask(int client, unsigned char *message, int length, uint16_t identifier) {
    if (sent[identifier].at) record(sent[identifier].at, -1);
    else waiting++;
    message[0] = identifier >> 8;
    message[1] = identifier & 255;
    sent[identifier] = (struct sent){now(CLOCK_MONOTONIC), now(CLOCK_REALTIME)};
    if (send(client, message, length, 0) < 0 && errno != EAGAIN && errno != ECONNREFUSED)
        die("send");
}

/* When the kernel had this message, on CLOCK_REALTIME. */
static int64_t stamped(struct msghdr *message) {
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    for (; part; part = CMSG_NXTHDR(message, part))
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec at;
            memcpy(&at, CMSG_DATA(part), sizeof at);
            return nanoseconds(at);
        }
    return now(CLOCK_REALTIME);
}

static void hear(int client) {
    unsigned char answer[PACKET], about[CMSG_SPACE(sizeof(struct timespec))];
    struct iovec place = {answer, sizeof answer};
    ssize_t length;
    for (;;) {
        struct msghdr message = {
            .msg_iov = &place, .msg_iovlen = 1, .msg_control = about, .msg_controllen = sizeof about};
        if ((length = recvmsg(client, &message, 0)) < 0) break;
        uint16_t identifier = length < HEADER ? 0 : answer[0] << 8 | answer[1];
        if (length < HEADER || !sent[identifier].at) continue;
        record(sent[identifier].at, stamped(&message) - sent[identifier].real);
        sent[identifier].at = 0;
        waiting--;
    }
    if (errno != EAGAIN && errno != ECONNREFUSED) die("recvmsg");
}

int main(int argc, char **argv) {
    int rests = argc == 7 && !strcmp(argv[6], "rest");
    if (argc != 6 && !rests) {
        fprintf(stderr, "usage: paced PORT RATE SECONDS QUESTIONS OUT [rest]\n");
        return 2;
    }
    size_t size, place = 0;
    unsigned char *questions = whole_file(argv[4], &size);
    double gap = SECOND / atof(argv[2]);
    int64_t start, end, count = 0;
    int client = connected(atoi(argv[1]));
    if (!(out = fopen(argv[5], "wb"))) die(argv[5]);
    start = now(CLOCK_MONOTONIC);
    end = start + (int64_t)(atof(argv[3]) * SECOND);
    signal(SIGTERM, told);
    for (int64_t at = start; at < end || (waiting && at < end + PATIENCE); at = now(CLOCK_MONOTONIC)) {
        if (told_to_end && at < end) end = at;
        int64_t next = start + (int64_t)(count * gap);
        if (rests && !waiting && next > at && next < end) {
            rest_until(next);
            at = now(CLOCK_MONOTONIC);
        }
        for (int64_t due; (due = start + (int64_t)(count * gap)) <= at && due < end; count++) {
            int length = questions[place] << 8 | questions[place + 1];
            ask(client, questions + place + 2, length, count);
            place += length + 2;
            if (place >= size) place = 0;
        }
        hear(client);
    }
    for (int i = 0; i < IDENTIFIERS; i++)
        if (sent[i].at) record(sent[i].at, -1);
    return fclose(out) ? 1 : 0;
}
