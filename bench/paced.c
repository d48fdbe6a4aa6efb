/* Questions at a steady rate, each answer timed: what a client sees of a server that is not busy.
 *
 * The clock decides when a question is sent, not the answer before (an open loop), so a pause of
 * the server is felt by every question that falls into it. It never sleeps, as waking up would be
 * timed too, so it needs a core of its own. Where it has to share one, `rest` has it sleep while no
 * answer is awaited; a question is then due when it is awake again, for a late waking is not the
 * server's. It never sleeps while an answer is awaited.
 *
 * Usage: paced PORT RATE SECONDS QUESTIONS OUT [rest]. QUESTIONS are messages with two octets of
 * length before each, as over TCP (RFC 1035 section 4.2.2). SIGTERM ends it before its time. OUT
 * gets two 64-bit integers for each question in the order of their ends: nanoseconds of
 * CLOCK_MONOTONIC when it was due, and until its answer (-1 if none came within two seconds).
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

static int64_t due_at[IDENTIFIERS]; /* 0: nothing is asked under this identifier */
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

static int64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * SECOND + at.tv_nsec;
}

static void record(int64_t due, int64_t took) {
    int64_t pair[2] = {due, took};
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
    if (client < 0 || connect(client, (struct sockaddr *)&address, sizeof address)) die("socket");
    return client;
}

static void ask(int client, unsigned char *message, int length, uint16_t identifier, int64_t due) {
    if (due_at[identifier]) record(due_at[identifier], -1);
    else waiting++;
    message[0] = identifier >> 8;
    message[1] = identifier & 255;
    due_at[identifier] = due;
    if (send(client, message, length, 0) < 0 && errno != EAGAIN && errno != ECONNREFUSED)
        die("send");
}

static void hear(int client) {
    unsigned char answer[PACKET];
    ssize_t length;
    while ((length = recv(client, answer, sizeof answer, 0)) >= 0) {
        int64_t at = now();
        uint16_t identifier = length < HEADER ? 0 : answer[0] << 8 | answer[1];
        if (length < HEADER || !due_at[identifier]) continue;
        record(due_at[identifier], at - due_at[identifier]);
        due_at[identifier] = 0;
        waiting--;
    }
    if (errno != EAGAIN && errno != ECONNREFUSED) die("recv");
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
    start = now();
    end = start + (int64_t)(atof(argv[3]) * SECOND);
    signal(SIGTERM, told);
    for (int64_t at = start; at < end || (waiting && at < end + PATIENCE); at = now()) {
        if (told_to_end && at < end) end = at;
        int64_t awake = 0, next = start + (int64_t)(count * gap);
        if (rests && !waiting && next > at && next < end) {
            rest_until(next);
            awake = at = now();
        }
        for (int64_t due; (due = start + (int64_t)(count * gap)) <= at && due < end; count++) {
            int length = questions[place] << 8 | questions[place + 1];
            ask(client, questions + place + 2, length, count, due > awake ? due : awake);
            place += length + 2;
            if (place >= size) place = 0;
        }
        hear(client);
    }
    for (int i = 0; i < IDENTIFIERS; i++)
        if (due_at[i]) record(due_at[i], -1);
    return fclose(out) ? 1 : 0;
}
