/*
 * The load of tcp_echo: one thread, CONNECTIONS connections, one request of SIZE bytes in flight on
 * each. Every echoed byte is compared with what was sent. Latencies are of all requests after the
 * warm-up, exact to the sample.
 *
 *   echo_load PORT CONNECTIONS SIZE WARM_SECONDS SECONDS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 512
#define MOST_SIZE 65536
#define NS 1000000000LL

struct connection {
    int fd, received;
    uint32_t request;
    int64_t sent_ns;
};

static int size;
static uint32_t *latencies; /* in tens of nanoseconds: 43 s at most */
static size_t samples, room;

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

/* The bytes of a request: they differ between connections and from one request to the next. */
static void fill(uint8_t *bytes, uint32_t connection, uint32_t request)
{
    uint32_t x = connection * 2654435761u ^ request * 40503u;

    for (int i = 0; i < size; i++) {
        x = x * 1103515245u + 12345u;
        bytes[i] = (uint8_t)(x >> 16);
    }
}

static void send_request(struct connection *c, uint32_t id)
{
    uint8_t bytes[MOST_SIZE];

    fill(bytes, id, ++c->request);
    c->received = 0;
    c->sent_ns = now_ns();
    must(write(c->fd, bytes, (size_t)size) == size, "write");
}

/* True when the whole answer is there. */
static int receive_answer(struct connection *c, uint32_t id)
{
    uint8_t got[MOST_SIZE], wanted[MOST_SIZE];
    ssize_t n = read(c->fd, got, sizeof got);

    must(n > 0, "read");
    fill(wanted, id, c->request);
    if (c->received + n > size || memcmp(got, wanted + c->received, (size_t)n)) {
        fprintf(stderr, "connection %u: what came back is not what was sent\n", id);
        exit(1);
    }
    c->received += (int)n;
    return c->received == size;
}

static void note_latency(int64_t ns)
{
    if (samples == room) {
        room = room ? 2 * room : 1 << 20;
        latencies = realloc(latencies, room * sizeof *latencies);
        must(latencies != NULL, "realloc");
    }
    latencies[samples++] = ns / 10 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ns / 10);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void connect_all(struct connection *all, int count, int port, int loop)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int one = 1;

    for (int i = 0; i < count; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};

        all[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        must(all[i].fd >= 0, "socket");
        must(!connect(all[i].fd, (struct sockaddr *)&address, sizeof address), "connect");
        setsockopt(all[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        must(!epoll_ctl(loop, EPOLL_CTL_ADD, all[i].fd, &e), "epoll_ctl");
    }
}

static void report(double seconds, double cpu)
{
    static const struct {
        const char *name;
        size_t per_mille;
    } wanted[] = {{"p50", 500}, {"p99", 990}, {"p999", 999}, {"max", 1000}};

    qsort(latencies, samples, sizeof *latencies, by_value);
    printf("req_per_s %.0f\n", (double)samples / seconds);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        size_t rank = (samples * wanted[i].per_mille + 999) / 1000;

        printf("lat_us_%s %.2f\n", wanted[i].name, latencies[rank ? rank - 1 : 0] / 100.0);
    }
    printf("load_cpu %.3f\n", cpu / seconds);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: echo_load PORT CONNECTIONS SIZE WARM_SECONDS SECONDS\n");
        return 2;
    }
    int count = atoi(argv[2]), loop = epoll_create1(0);
    int64_t warm = (int64_t)(atof(argv[4]) * 1e9), length = (int64_t)(atof(argv[5]) * 1e9);

    size = atoi(argv[3]);
    if (count <= 0 || size <= 0 || size > MOST_SIZE || length <= 0)
        return 2;
    struct connection *all = calloc((size_t)count, sizeof *all);
    must(all && loop >= 0, "start");
    connect_all(all, count, atoi(argv[1]), loop);
    for (int i = 0; i < count; i++)
        send_request(&all[i], (uint32_t)i);

    int64_t begin = now_ns() + warm, end = begin + length, now = 0;
    double cpu = -1;
    while (now < end) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(loop, events, EVENTS, 5000);

        must(n > 0 || errno == EINTR, "no answer for 5 seconds");
        for (int i = 0; i < n; i++) {
            uint32_t id = events[i].data.u32;

            if (!receive_answer(&all[id], id))
                continue;
            now = now_ns();
            if (now >= begin && now < end) {
                if (cpu < 0)
                    cpu = cpu_seconds();
                note_latency(now - all[id].sent_ns);
            }
            if (now < end)
                send_request(&all[id], id);
        }
    }
    if (!samples)
        return 1;
    report((double)length / 1e9, cpu_seconds() - cpu);
    return 0;
}
