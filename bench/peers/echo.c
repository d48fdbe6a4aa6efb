/* A bare UDP echo: what sockets cost when there is nothing to think about.
 *
 * Takes what has come in with one recvmmsg, sets the QR bit (RFC 1035 section 4.1.1) in each
 * packet and sends all of them back with one sendmmsg. Usage: echo PORT, on loopback.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, PACKET = 512 };

static unsigned char packets[BATCH][PACKET];
static struct sockaddr_in clients[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int bound(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_DGRAM, 0);
    if (server < 0) die("socket");
    if (bind(server, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
    return server;
}

static int receive(int server) {
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){packets[i], PACKET};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &clients[i],
                                              .msg_namelen = sizeof clients[i],
                                              .msg_iov = &vectors[i],
                                              .msg_iovlen = 1};
    }
    int count = recvmmsg(server, messages, BATCH, MSG_WAITFORONE, NULL);
    if (count < 0 && errno != EINTR) die("recvmmsg");
    return count;
}

static void send_back(int server, int count) {
    for (int i = 0; i < count; i++) {
        packets[i][2] |= 0x80;
        vectors[i].iov_len = messages[i].msg_len;
    }
    for (int sent = 0; sent < count;) {
        int more = sendmmsg(server, messages + sent, count - sent, 0);
        if (more < 0 && errno != EINTR) die("sendmmsg");
        if (more > 0) sent += more;
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: echo PORT\n");
        return 2;
    }
    int server = bound(atoi(argv[1]));
    for (;;) {
        int count = receive(server);
        if (count > 0) send_back(server, count);
    }
}
