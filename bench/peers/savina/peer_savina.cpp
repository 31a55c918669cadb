// The CAF side of bench/savina: the same work with the same parameters, in the same order, as a CAF program would do it:
// event-based actors (CAF 0.17, Debian 12's). peer_savina_caf THREADS NAME PARAMETER... prints `metric value` lines; a
// wrong result ends it with status 1.
#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unistd.h>
#include <unordered_map>
#include <vector>

using namespace caf;
using std::vector;

template <atom_value V> using atom_of = atom_constant<V>;
using done_atom = atom_of<atom("done")>; // count: a part of the work is done
using ping_atom = atom_of<atom("ping")>;
using pong_atom = atom_of<atom("pong")>;
using begin_atom = atom_of<atom("begin")>;
using stop_atom = atom_of<atom("stop")>;
using next_atom = atom_of<atom("next")>;
using fetch_atom = atom_of<atom("fetch")>;
using meet_atom = atom_of<atom("meet")>;
using change_atom = atom_of<atom("change")>;
using read_atom = atom_of<atom("read")>;
using write_atom = atom_of<atom("write")>;
using item_atom = atom_of<atom("item")>;
using ready_atom = atom_of<atom("ready")>;
using idle_atom = atom_of<atom("idle")>;
using hungry_atom = atom_of<atom("hungry")>;
using enter_atom = atom_of<atom("enter")>;
using full_atom = atom_of<atom("full")>;
using back_atom = atom_of<atom("back")>;
using debit_atom = atom_of<atom("debit")>;
using credit_atom = atom_of<atom("credit")>;
using work_atom = atom_of<atom("work")>;
using ask_atom = atom_of<atom("ask")>;
using grant_atom = atom_of<atom("grant")>;
using count_atom = atom_of<atom("count")>;

using params = vector<int64_t>;
using clock_ = std::chrono::steady_clock;

static clock_::time_point begun;
static actor_system *sys;
static actor first; // the main thread's
static scoped_actor *first_scoped;

static void start() { begun = clock_::now(); }

static void report(const char *metric, int64_t count)
{
    double s = std::chrono::duration<double>(clock_::now() - begun).count();
    std::printf("time_ms %.3f\n%s %.3f\n", s * 1e3, metric, count / s);
}

template <class T> static void expect(const char *what, T value, T expected)
{
    if (value == expected)
        return;
    std::fprintf(stderr, "%s: %.17g, expected %.17g\n", what, double(value), double(expected));
    std::fflush(stdout);
    _exit(1);
}

static uint32_t step(uint32_t x) { return x * 69069u + 1; }
static int64_t chance(uint32_t &x, int64_t below)
{
    x = step(x);
    return (x >> 8) % below;
}
static uint64_t chance60(uint32_t &x)
{
    uint64_t v = 0;
    for (int i = 0; i < 3; i++)
        v = v << 20 | chance(x, 1 << 20);
    return v;
}
static void busy(uint32_t steps)
{
    uint32_t x = steps;
    for (uint32_t i = 0; i < steps; i++) {
        x = step(x);
        __asm__ volatile("" : "+r"(x));
    }
}
static void compute(double x)
{
    double s = std::sin(x);
    if (s * s <= 0)
        std::abort();
}
static int64_t await(int64_t n)
{
    int64_t sum = 0;
    while (n--)
        (*first_scoped)->receive([&](done_atom, int64_t count) { sum += count; });
    return sum;
}

// ---- one message, or many, from one to another

struct number {
    int64_t n = 0;
};

static void pingpong(const params &p)
{
    start();
    auto pong = sys->spawn([](event_based_actor *) -> behavior {
        return {[](ping_atom, int64_t n) { return std::make_tuple(pong_atom::value, n); }};
    });
    int64_t pings = p[0];
    auto ping = sys->spawn([=](stateful_actor<number> *self) -> behavior {
        auto next = [=] {
            if (self->state.n == pings) {
                self->send(first, done_atom::value, pings);
                self->quit();
            } else
                self->send(pong, ping_atom::value, ++self->state.n);
        };
        next();
        return {[=](pong_atom, int64_t n) {
            expect("pong", n, self->state.n);
            next();
        }};
    });
    int64_t n = await(1);
    report("msgs_per_s", 2 * pings);
    expect("pongs", n, pings);
}

static void count(const params &p)
{
    start();
    auto c = sys->spawn([](stateful_actor<number> *self) -> behavior {
        return {[=](next_atom) { self->state.n++; },
                [=](fetch_atom) { self->send(first, done_atom::value, self->state.n); }};
    });
    for (int64_t i = 0; i < p[0]; i++)
        (*first_scoped)->send(c, next_atom::value);
    (*first_scoped)->send(c, fetch_atom::value);
    int64_t n = await(1);
    report("msgs_per_s", p[0]);
    expect("counted", n, p[0]);
}

static void fjthroughput(const params &p)
{
    vector<actor> workers;
    int64_t jobs = p[1];
    start();
    for (int64_t i = 0; i < p[0]; i++)
        workers.push_back(sys->spawn([=](stateful_actor<number> *self) -> behavior {
            return {[=](double x) {
                compute(x);
                if (++self->state.n == jobs) {
                    self->send(first, done_atom::value, jobs);
                    self->quit();
                }
            }};
        }));
    for (int64_t k = 0; k < jobs; k++)
        for (auto &w : workers)
            (*first_scoped)->send(w, 37.2);
    int64_t n = await(p[0]);
    report("msgs_per_s", p[0] * jobs);
    expect("jobs", n, p[0] * jobs);
}

static void fjcreate(const params &p)
{
    start();
    for (int64_t i = 0; i < p[0]; i++)
        (*first_scoped)
            ->send(sys->spawn([](event_based_actor *self) -> behavior {
                return {[=](double x) {
                    compute(x);
                    self->send(first, done_atom::value, int64_t(1));
                    self->quit();
                }};
            }),
                   37.2);
    int64_t n = await(p[0]);
    report("actors_per_s", p[0]);
    expect("jobs", n, p[0]);
}

struct member {
    actor next;
    int64_t passed = 0;
};

static void threadring(const params &p)
{
    vector<actor> ring;
    start();
    for (int64_t i = 0; i < p[0]; i++)
        ring.push_back(sys->spawn([](stateful_actor<member> *self) -> behavior {
            return {[=](const actor &next) { self->state.next = next; },
                    [=](int64_t left) {
                        self->state.passed++;
                        if (left)
                            self->send(self->state.next, left - 1);
                        else
                            self->send(first, done_atom::value, self->state.passed);
                    }};
        }));
    for (size_t i = 0; i < ring.size(); i++)
        (*first_scoped)->send(ring[i], ring[(i + 1) % ring.size()]);
    (*first_scoped)->send(ring[0], p[1]);
    int64_t passed = await(1);
    report("hops_per_s", p[1]);
    expect("visits", passed, p[1] / p[0] + 1);
}

// ---- many to one, many to many

struct hall {
    actor waiting;
    int64_t left = 0;
};
struct guest {
    int64_t colour = 0, met = 0;
};

static int64_t mixed(int64_t a, int64_t b) { return a == b ? a : 3 - a - b; }

static void chameneos(const params &p)
{
    int64_t meetings = p[1];
    start();
    auto mall = sys->spawn([=](stateful_actor<hall> *self) -> behavior {
        self->state.left = meetings;
        return {[=](meet_atom, int64_t colour, const actor &c) {
            auto &s = self->state;
            if (s.left == 0)
                self->send(c, stop_atom::value);
            else if (!s.waiting)
                s.waiting = c;
            else {
                self->send(s.waiting, meet_atom::value, colour, c);
                s.waiting = nullptr;
                s.left--;
            }
        }};
    });
    for (int64_t i = 0; i < p[0]; i++)
        sys->spawn([=](stateful_actor<guest> *self) -> behavior {
            auto me = [=](int64_t colour) {
                self->state.colour = colour;
                self->send(mall, meet_atom::value, colour, actor_cast<actor>(self));
            };
            me(i % 3);
            return {[=](meet_atom, int64_t colour, const actor &other) {
                        int64_t now = mixed(self->state.colour, colour);
                        self->state.met++;
                        self->send(other, change_atom::value, now);
                        me(now);
                    },
                    [=](change_atom, int64_t colour) {
                        self->state.met++;
                        me(colour);
                    },
                    [=](stop_atom) {
                        self->send(first, done_atom::value, self->state.met);
                        self->quit();
                    }};
        });
    int64_t met = await(p[0]);
    report("meetings_per_s", meetings);
    expect("meetings", met, 2 * meetings);
}

struct asker {
    vector<actor> all;
    int64_t asked = 0;
    uint32_t x = 0;
};

static void big(const params &p)
{
    vector<actor> all;
    int64_t pings = p[1];
    start();
    for (int64_t i = 0; i < p[0]; i++)
        all.push_back(sys->spawn([=](stateful_actor<asker> *self) -> behavior {
            self->state.x = uint32_t(i + 1) * 7919;
            auto ask = [=] {
                auto &s = self->state;
                if (s.asked == pings)
                    self->send(first, done_atom::value, pings);
                else {
                    auto whom = chance(s.x, s.all.size());
                    self->send(s.all[whom], ping_atom::value, ++s.asked);
                }
            };
            return {[=](begin_atom, const vector<actor> &all) {
                        self->state.all = all;
                        ask();
                    },
                    [=](ping_atom, int64_t n) { return std::make_tuple(pong_atom::value, n); },
                    [=](pong_atom, int64_t n) {
                        expect("pong", n, self->state.asked);
                        ask();
                    }};
        }));
    for (auto &a : all)
        (*first_scoped)->send(a, begin_atom::value, all);
    int64_t n = await(p[0]);
    report("msgs_per_s", 2 * p[0] * pings);
    expect("answered", n, p[0] * pings);
}

// ---- servers

struct dict {
    std::unordered_map<int64_t, int64_t> map;
    int64_t reads = 0, writes = 0;
};
struct worker {
    int64_t left = 0, writes = 0;
    uint32_t x = 0;
};

static void dict_next(stateful_actor<worker> *self, const actor &dict, int64_t percent,
                      int64_t keys)
{
    auto &s = self->state;
    if (s.left-- == 0) {
        self->send(first, done_atom::value, s.writes);
        self->quit();
        return;
    }
    int64_t dice = chance(s.x, 100), key = chance(s.x, keys);
    if (dice < percent) {
        s.writes++;
        self->request(dict, infinite, write_atom::value, key, key + keys * (s.left % 100))
            .then([=](done_atom) { dict_next(self, dict, percent, keys); });
    } else
        self->request(dict, infinite, read_atom::value, key).then([=](int64_t value) {
            expect("value", value % keys, key);
            dict_next(self, dict, percent, keys);
        });
}

static void concdict(const params &p)
{
    const int64_t keys = INT32_MAX / 4096;
    int64_t requests = p[1], percent = p[2];
    auto d = sys->spawn([=](stateful_actor<dict> *self) -> behavior {
        for (int64_t k = 0; k < keys; k++)
            self->state.map[k] = k;
        return {[=](read_atom, int64_t key) {
                    self->state.reads++;
                    return self->state.map[key];
                },
                [=](write_atom, int64_t key, int64_t value) {
                    self->state.writes++;
                    self->state.map[key] = value;
                    return done_atom::value;
                },
                [=](fetch_atom) {
                    auto &s = self->state;
                    return std::make_tuple(s.reads, s.writes, int64_t(s.map.size()));
                }};
    });
    int64_t reads = 0, written = 0, size = 0;
    auto totals = [&] {
        (*first_scoped)
            ->request(d, infinite, fetch_atom::value)
            .receive(
                [&](int64_t r, int64_t w, int64_t n) {
                    reads = r;
                    written = w;
                    size = n;
                },
                [](error &) { std::abort(); });
    };
    totals(); // it is filled
    start();
    for (int64_t i = 0; i < p[0]; i++)
        sys->spawn([=](stateful_actor<worker> *self) {
            self->state.left = requests;
            self->state.x = uint32_t(i + 1) * 7919;
            dict_next(self, d, percent, keys);
        });
    int64_t writes = await(p[0]);
    report("requests_per_s", p[0] * requests);
    totals();
    expect("writes", written, writes);
    expect("requests", reads + written, p[0] * requests);
    expect("keys", size, keys);
}

static double process(double x, int64_t cost, uint32_t &random)
{
    for (int64_t i = 0; i < cost * 100; i++)
        x += std::log(chance(random, 1 << 20) / double(1 << 20) + 0.01);
    return x;
}

struct buffer {
    std::deque<std::pair<int64_t, double>> items;
    vector<actor> idle, resting;
    int64_t left = 0, in_making = 0;
};
struct maker {
    int64_t n = 0;
    double data = 0;
    uint32_t x = 0;
};

static void boundedbuffer(const params &p)
{
    size_t size = p[0];
    int64_t items = p[3], total = p[1] * items, producer_cost = p[4], consumer_cost = p[5];
    start();
    auto manager = sys->spawn([=](stateful_actor<buffer> *self) -> behavior {
        self->state.left = total;
        auto go_on = [=] {
            auto &s = self->state;
            for (; !s.idle.empty() && !s.items.empty(); s.idle.pop_back(), s.items.pop_front())
                self->send(s.idle.back(), item_atom::value, s.items.front().first,
                           s.items.front().second);
            for (; s.left == 0 && s.items.empty() && !s.idle.empty(); s.idle.pop_back())
                self->send(s.idle.back(), stop_atom::value);
            for (; !s.resting.empty() && s.items.size() + s.in_making < size;
                 s.resting.pop_back(), s.in_making++)
                self->send(s.resting.back(), next_atom::value);
        };
        return {[=](item_atom, int64_t number, double data, const actor &from) {
                    auto &s = self->state;
                    s.items.emplace_back(number, data);
                    s.left--;
                    s.in_making--;
                    s.resting.push_back(from);
                    go_on();
                },
                [=](ready_atom, const actor &from) {
                    self->state.resting.push_back(from);
                    go_on();
                },
                [=](idle_atom, const actor &from) {
                    self->state.idle.push_back(from);
                    go_on();
                }};
    });
    for (int64_t i = 0; i < p[1]; i++)
        sys->spawn([=](stateful_actor<maker> *self) -> behavior {
            self->state.x = uint32_t(i * items + 1);
            self->send(manager, ready_atom::value, actor_cast<actor>(self));
            return {[=](next_atom) {
                auto &s = self->state;
                if (s.n == items)
                    return;
                s.data = process(s.data, producer_cost, s.x);
                self->send(manager, item_atom::value, i * items + s.n++, s.data,
                           actor_cast<actor>(self));
            }};
        });
    for (int64_t i = 0; i < p[2]; i++)
        sys->spawn([=](stateful_actor<maker> *self) -> behavior {
            self->state.x = 1;
            self->send(manager, idle_atom::value, actor_cast<actor>(self));
            return {[=](item_atom, int64_t number, double data) {
                        auto &s = self->state;
                        s.n += number;
                        s.data = process(s.data + data, consumer_cost, s.x);
                        self->send(manager, idle_atom::value, actor_cast<actor>(self));
                    },
                    [=](stop_atom) {
                        self->send(first, done_atom::value, self->state.n);
                        self->quit();
                    }};
        });
    int64_t sum = await(p[2]);
    report("items_per_s", total);
    expect("sum", sum, total * (total - 1) / 2);
}

struct forks {
    vector<bool> taken;
    int64_t eaten = 0, refused = 0;
};

static void dine(stateful_actor<number> *self, const actor &arbitrator, int64_t seat,
                 int64_t rounds)
{
    if (self->state.n == rounds) {
        self->request(arbitrator, infinite, fetch_atom::value).then([=](int64_t, int64_t) {
            self->send(first, done_atom::value, rounds);
            self->quit();
        });
        return;
    }
    self->request(arbitrator, infinite, hungry_atom::value, seat).then([=](bool may) {
        if (may) {
            self->state.n++;
            self->send(arbitrator, done_atom::value, seat);
        }
        dine(self, arbitrator, seat, rounds);
    });
}

static void philosophers(const params &p)
{
    int64_t seats = p[0], rounds = p[1], eaten = 0, refused = 0;
    start();
    auto arbitrator = sys->spawn([=](stateful_actor<forks> *self) -> behavior {
        self->state.taken.resize(seats);
        return {
            [=](hungry_atom, int64_t seat) -> bool {
                auto &s = self->state;
                if (s.taken[seat] || s.taken[(seat + 1) % seats]) {
                    s.refused++;
                    return false;
                }
                s.taken[seat] = s.taken[(seat + 1) % seats] = true;
                return true;
            },
            [=](done_atom, int64_t seat) {
                auto &s = self->state;
                expect("forks", s.taken[seat] && s.taken[(seat + 1) % seats], true);
                s.taken[seat] = s.taken[(seat + 1) % seats] = false;
                s.eaten++;
            },
            [=](fetch_atom) { return std::make_tuple(self->state.eaten, self->state.refused); }};
    });
    for (int64_t i = 0; i < seats; i++)
        sys->spawn([=](stateful_actor<number> *self) { dine(self, arbitrator, i, rounds); });
    await(seats);
    report("meals_per_s", seats * rounds);
    (*first_scoped)
        ->request(arbitrator, infinite, fetch_atom::value)
        .receive(
            [&](int64_t e, int64_t r) {
                eaten = e;
                refused = r;
            },
            [](error &) { std::abort(); });
    std::printf("refused %.3f\n", double(refused));
    expect("meals", eaten, seats * rounds);
}

struct room {
    std::deque<actor> waiting;
    bool sleeps = true;
};

static void barber(const params &p)
{
    int64_t haircuts = p[0], pause = p[2], haircut = p[3], cut = 0, returned = 0;
    size_t size = p[1];
    start();
    auto b = sys->spawn([=](stateful_actor<number> *self) -> behavior {
        self->state.n = 2;
        return {[=](enter_atom, const actor &customer, const actor &room) {
            uint32_t x = uint32_t(self->state.n);
            busy(uint32_t(chance(x, haircut) + 10));
            self->state.n = x;
            self->send(customer, done_atom::value);
            self->send(room, next_atom::value);
        }};
    });
    auto r = sys->spawn([=](stateful_actor<room> *self) -> behavior {
        auto call_next = [=] {
            auto &s = self->state;
            s.sleeps = s.waiting.empty();
            if (s.sleeps)
                return;
            self->send(b, enter_atom::value, s.waiting.front(), actor_cast<actor>(self));
            s.waiting.pop_front();
        };
        return {[=](enter_atom, const actor &customer) {
                    auto &s = self->state;
                    if (s.waiting.size() == size) {
                        self->send(customer, full_atom::value);
                        return;
                    }
                    s.waiting.push_back(customer);
                    if (s.sleeps)
                        call_next();
                },
                [=](next_atom) { call_next(); }};
    });
    uint32_t x = 1;
    for (int64_t i = 0; i < haircuts; i++) {
        (*first_scoped)
            ->send(r, enter_atom::value, sys->spawn([](event_based_actor *self) -> behavior {
                return {[=](full_atom) {
                            self->send(first, back_atom::value, actor_cast<actor>(self));
                        },
                        [=](done_atom) {
                            self->send(first, done_atom::value);
                            self->quit();
                        }};
            }));
        busy(uint32_t(chance(x, pause) + 10));
    }
    while (cut < haircuts)
        (*first_scoped)
            ->receive([&](done_atom) { cut++; },
                      [&](back_atom, const actor &customer) {
                          returned++;
                          (*first_scoped)->send(r, enter_atom::value, customer);
                      });
    report("haircuts_per_s", haircuts);
    std::printf("returned %.3f\n", double(returned));
    expect("messages after the last haircut",
           (*first_scoped)->await_data(std::chrono::high_resolution_clock::now()), false);
}

struct table {
    vector<actor> smokers;
    int64_t rounds = 0;
    uint32_t x = 1;
};

// The arbiter gives the ingredients of a round, and of the next when it is told that somebody has begun to smoke.
static behavior arbiter(stateful_actor<table> *self, int64_t rounds, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        self->state.smokers.push_back(
            self->spawn([host = actor_cast<actor>(self)](stateful_actor<number> *self) -> behavior {
                return {[=](int64_t steps) {
                            self->send(host, begin_atom::value);
                            busy(uint32_t(steps));
                            self->state.n++;
                        },
                        [=](stop_atom) {
                            self->send(first, done_atom::value, self->state.n);
                            self->quit();
                        }};
            }));
    auto next = [=] {
        auto &s = self->state;
        if (s.rounds++ < rounds) {
            int64_t who = chance(s.x, count), steps = chance(s.x, 1000);
            self->send(s.smokers[who], steps + 10);
            return;
        }
        for (auto &smoker : s.smokers)
            self->send(smoker, stop_atom::value);
        self->quit();
    };
    next();
    return {[=](begin_atom) { next(); }};
}

static void cigsmok(const params &p)
{
    start();
    sys->spawn(arbiter, p[0], p[1]);
    int64_t smoked = await(p[1]);
    report("rounds_per_s", p[0]);
    expect("cigarettes", smoked, p[0]);
}

static double next_term(double term, double rate) { return rate * term * (1 - term); }

struct point_of_series {
    double value = 0;
    bool waits = false;
    std::deque<actor> put_by; // what came while it waits: who wants the value, or nobody: `next`
};

// Take messages as they came, up to one that has to wait for the computer. What comes meanwhile is put by, as with `await`; but
// CAF looks at all that it has put by again after each answer, and this looks at each message once.
static void series_go_on(stateful_actor<point_of_series> *self, const actor &computer)
{
    auto &s = self->state;
    while (!s.waits && !s.put_by.empty()) {
        actor who = std::move(s.put_by.front());
        s.put_by.pop_front();
        if (who) {
            self->send(who, s.value);
            continue;
        }
        s.waits = true;
        self->request(computer, infinite, s.value).then([=](double x) {
            self->state.value = x;
            self->state.waits = false;
            series_go_on(self, computer);
        });
    }
}

static void logisticmap(const params &p)
{
    vector<actor> series;
    start();
    for (int64_t i = 0; i < p[1]; i++) {
        double rate = 3.46 + i * 0.0025;
        auto computer = sys->spawn([=](event_based_actor *) -> behavior {
            return {[=](double x) { return next_term(x, rate); }};
        });
        series.push_back(sys->spawn([=](stateful_actor<point_of_series> *self) -> behavior {
            self->state.value = i * 0.0025;
            auto take = [=](actor who) {
                self->state.put_by.push_back(std::move(who));
                series_go_on(self, computer);
            };
            return {[=](next_atom) { take(nullptr); },
                    [=](fetch_atom, const actor &who) { take(who); }};
        }));
    }
    for (int64_t k = 0; k < p[0]; k++)
        for (auto &s : series)
            (*first_scoped)->send(s, next_atom::value);
    vector<double> last;
    for (auto &s : series) {
        (*first_scoped)->send(s, fetch_atom::value, first);
        (*first_scoped)->receive([&](double x) { last.push_back(x); });
    }
    report("terms_per_s", p[0] * p[1]);
    for (int64_t i = 0; i < p[1]; i++) {
        double x = i * 0.0025;
        for (int64_t k = 0; k < p[0]; k++)
            x = next_term(x, 3.46 + i * 0.0025);
        expect("term", last[i], x);
    }
}

static void banking(const params &p)
{
    vector<actor> accounts;
    vector<int64_t> expected(p[0]);
    start();
    for (int64_t i = 0; i < p[0]; i++)
        accounts.push_back(sys->spawn([](stateful_actor<number> *self) -> behavior {
            self->state.n = 1000000000;
            return {
                [=](debit_atom, int64_t amount) {
                    self->state.n += amount;
                    return done_atom::value;
                },
                [=](credit_atom, const actor &to, int64_t amount) {
                    self->state.n -= amount;
                    self->request(to, infinite, debit_atom::value, amount).await([=](done_atom) {
                        self->send(first, done_atom::value, int64_t(1));
                    });
                },
                [=](fetch_atom) { return self->state.n; }};
        }));
    uint32_t x = 123456;
    for (int64_t i = 0; i < p[1]; i++) {
        int64_t from = chance(x, p[0] / 10 * 8), to = from + 1 + chance(x, p[0] - from - 1),
                amount = chance(x, 1000);
        expected[from] -= amount;
        expected[to] += amount;
        (*first_scoped)->send(accounts[from], credit_atom::value, accounts[to], amount);
    }
    int64_t n = await(p[1]);
    report("transactions_per_s", p[1]);
    expect("transactions", n, p[1]);
    for (int64_t i = 0; i < p[0]; i++)
        (*first_scoped)
            ->request(accounts[i], infinite, fetch_atom::value)
            .receive([&](int64_t balance) { expect("balance", balance, 1000000000 + expected[i]); },
                     [](error &) { std::abort(); });
}

// ---- work in parallel

using numbers = vector<uint64_t>;
struct halves {
    numbers left, right;
    uint64_t pivot = 0;
    size_t equal = 0;
    int got = 0;
};

static behavior sorter(stateful_actor<halves> *self, actor parent, bool right, numbers all)
{
    if (all.size() < 2048) {
        std::sort(all.begin(), all.end());
        self->send(parent, right, std::move(all));
        return {};
    }
    auto &s = self->state;
    numbers smaller, greater;
    s.pivot = all[all.size() / 2];
    for (auto n : all)
        if (n < s.pivot)
            smaller.push_back(n);
        else if (n > s.pivot)
            greater.push_back(n);
        else
            s.equal++;
    self->spawn(sorter, actor_cast<actor>(self), false, std::move(smaller));
    self->spawn(sorter, actor_cast<actor>(self), true, std::move(greater));
    return {[=](bool its_right, numbers &part) {
        auto &s = self->state;
        (its_right ? s.right : s.left) = std::move(part);
        if (++s.got < 2)
            return;
        s.left.insert(s.left.end(), s.equal, s.pivot);
        s.left.insert(s.left.end(), s.right.begin(), s.right.end());
        self->send(parent, right, std::move(s.left));
        self->quit();
    }};
}

static void quicksort(const params &p)
{
    numbers all, sorted;
    uint32_t x = 1024;
    for (int64_t i = 0; i < p[0]; i++)
        all.push_back(chance60(x));
    start();
    sys->spawn(sorter, first, false, all);
    (*first_scoped)->receive([&](bool, numbers &part) { sorted = std::move(part); });
    report("numbers_per_s", p[0]);
    std::sort(all.begin(), all.end());
    expect("sorted", sorted == all, true);
}

struct primes {
    vector<int64_t> held;
    actor next;
};

static behavior filter(stateful_actor<primes> *self, size_t room)
{
    return {[=](next_atom, int64_t n) {
                auto &s = self->state;
                for (auto prime : s.held)
                    if (n % prime == 0)
                        return;
                if (s.held.size() < room) {
                    s.held.push_back(n);
                    return;
                }
                if (!s.next)
                    s.next = self->spawn(filter, room);
                self->send(s.next, next_atom::value, n);
            },
            [=](stop_atom, int64_t before) {
                auto &s = self->state;
                int64_t n = before + int64_t(s.held.size());
                if (s.next)
                    self->send(s.next, stop_atom::value, n);
                else
                    self->send(first, done_atom::value, n);
                self->quit();
            }};
}

static void sieve(const params &p)
{
    start();
    auto head = sys->spawn(filter, size_t(p[1]));
    (*first_scoped)->send(head, next_atom::value, int64_t(2));
    for (int64_t n = 3; n < p[0]; n += 2)
        (*first_scoped)->send(head, next_atom::value, n);
    (*first_scoped)->send(head, stop_atom::value, int64_t(0));
    int64_t found = await(1), expected = 0;
    report("candidates_per_s", p[0] / 2);
    for (int64_t n = 2; n < p[0]; n++) {
        bool prime = true;
        for (int64_t d = 2; d * d <= n && prime; d++)
            prime = n % d != 0;
        expected += prime;
    }
    expect("primes", found, expected);
}

using board = vector<int8_t>;

static bool fits(const board &b, int column)
{
    int depth = int(b.size());
    for (int i = 0; i < depth; i++) {
        int d = b[i] - column;
        if (d == 0 || d == depth - i || d == i - depth)
            return false;
    }
    return true;
}

static void solve(event_based_actor *self, board &b, int size)
{
    if (int(b.size()) == size) {
        self->send(first, pong_atom::value);
        return;
    }
    for (int c = 0; c < size; c++)
        if (fits(b, c)) {
            b.push_back(int8_t(c));
            solve(self, b, size);
            b.pop_back();
        }
}

static void nqueens(const params &p)
{
    static const int64_t known[] = {1,  1,   0,   0,    2,     10,    4,     40,
                                    92, 352, 724, 2680, 14200, 73712, 365596};
    int size = int(p[0]);
    size_t threshold = p[2], next = 0;
    int64_t under_way = 1, solutions = 0;
    vector<actor> workers;
    start();
    for (int64_t i = 0; i < p[1]; i++)
        workers.push_back(sys->spawn([=](event_based_actor *self) -> behavior {
            return {[=](work_atom, board &b) {
                if (b.size() >= threshold)
                    solve(self, b, size);
                else
                    for (int c = 0; c < size; c++)
                        if (fits(b, c)) {
                            board more = b;
                            more.push_back(int8_t(c));
                            self->send(first, work_atom::value, std::move(more));
                        }
                self->send(first, done_atom::value);
            }};
        }));
    (*first_scoped)->send(workers[0], work_atom::value, board());
    while (under_way)
        (*first_scoped)
            ->receive([&](pong_atom) { solutions++; }, [&](done_atom) { under_way--; },
                      [&](work_atom, board &b) {
                          (*first_scoped)
                              ->send(workers[++next % workers.size()], work_atom::value,
                                     std::move(b));
                          under_way++;
                      });
    report("solutions_per_s", solutions);
    expect("solutions", solutions, known[size]);
}

struct sums {
    int64_t sum = 0, got = 0;
};

static behavior fib_actor(stateful_actor<sums> *self, int64_t n, actor parent)
{
    if (n <= 2) {
        self->send(parent, int64_t(1));
        return {};
    }
    self->spawn(fib_actor, n - 1, actor_cast<actor>(self));
    self->spawn(fib_actor, n - 2, actor_cast<actor>(self));
    return {[=](int64_t value) {
        self->state.sum += value;
        if (++self->state.got < 2)
            return;
        self->send(parent, self->state.sum);
        self->quit();
    }};
}

static void fib(const params &p)
{
    int64_t a = 1, b = 1, value = 0;
    for (int64_t i = 2; i < p[0]; i++)
        std::tie(a, b) = std::make_pair(b, a + b);
    start();
    sys->spawn(fib_actor, p[0], first);
    (*first_scoped)->receive([&](int64_t v) { value = v; });
    report("actors_per_s", 2 * b - 1);
    expect("fib", value, b);
}

struct node {
    vector<actor> children;
    int64_t urgent = 0, waits_for = 0, nodes = 1;
};

static void traverse(const vector<actor> &children, int64_t urgent,
                     const std::function<void(const actor &)> &send)
{
    if (children.empty())
        return;
    send(children[urgent]);
    for (size_t i = 0; i < children.size(); i++)
        if (int64_t(i) != urgent)
            send(children[i]);
}

static behavior node_actor(stateful_actor<node> *self, actor parent, int64_t steps)
{
    busy(100);
    self->send(first, ask_atom::value, actor_cast<actor>(self));
    auto finish = [=] {
        if (self->state.waits_for)
            return;
        self->send(parent, count_atom::value, self->state.nodes);
        self->quit();
    };
    return {[=](grant_atom, int64_t child_steps, int64_t urgent) {
                self->state.urgent = urgent;
                self->state.waits_for = 10;
                for (int i = 0; i < 10; i++)
                    self->state.children.push_back(
                        self->spawn(node_actor, actor_cast<actor>(self), child_steps));
            },
            [=](begin_atom) {
                busy(uint32_t(steps));
                traverse(self->state.children, self->state.urgent,
                         [=](const actor &a) { self->send(a, begin_atom::value); });
                finish();
            },
            [=](count_atom, int64_t n) {
                self->state.nodes += n;
                self->state.waits_for--;
                finish();
            }};
}

static int64_t normal(uint32_t &x, int64_t average, int64_t deviation)
{
    int64_t s = -6000;
    for (int i = 0; i < 12; i++)
        s += chance(x, 1000);
    return std::max<int64_t>(1, average + s * deviation / 1000);
}

static void uct(const params &p)
{
    uint32_t x = 2;
    int64_t size = 11, unanswered = 10, counted = 1;
    vector<actor> children;
    start();
    int64_t steps = normal(x, p[1], p[2]);
    for (int i = 0; i < 10; i++)
        children.push_back(sys->spawn(node_actor, first, steps));
    for (; unanswered; unanswered--)
        (*first_scoped)->receive([&](ask_atom, const actor &who) {
            if (size + 10 > p[0] || chance(x, 2) == 0)
                return;
            int64_t child_steps = normal(x, p[1], p[2]);
            int64_t urgent = chance(x, 100) < p[3] ? chance(x, 10) : 0;
            (*first_scoped)->send(who, grant_atom::value, child_steps, urgent);
            size += 10;
            unanswered += 10;
        });
    traverse(children, 0, [](const actor &a) { (*first_scoped)->send(a, begin_atom::value); });
    for (int i = 0; i < 10; i++)
        (*first_scoped)->receive([&](count_atom, int64_t n) { counted += n; });
    report("nodes_per_s", size);
    expect("nodes", counted, size);
}

int main(int argc, char **argv)
{
    static const std::map<std::string, void (*)(const params &)> all = {
        {"pingpong", pingpong},
        {"count", count},
        {"fjthroughput", fjthroughput},
        {"fjcreate", fjcreate},
        {"threadring", threadring},
        {"chameneos", chameneos},
        {"big", big},
        {"concdict", concdict},
        {"boundedbuffer", boundedbuffer},
        {"philosophers", philosophers},
        {"barber", barber},
        {"cigsmok", cigsmok},
        {"logisticmap", logisticmap},
        {"banking", banking},
        {"quicksort", quicksort},
        {"sieve", sieve},
        {"nqueens", nqueens},
        {"fib", fib},
        {"uct", uct}};
    auto chosen = argc > 2 ? all.find(argv[2]) : all.end();
    if (chosen == all.end()) {
        std::fprintf(stderr, "usage: peer_savina_caf THREADS NAME PARAMETER...\n");
        return 2;
    }
    actor_system_config config;
    if (size_t threads = std::atoi(argv[1])) // 0: one a core
        config.set("scheduler.max-threads", threads);
    actor_system system{config};
    scoped_actor self{system};
    sys = &system;
    first_scoped = &self;
    first = actor_cast<actor>(self);
    params p;
    for (int i = 3; i < argc; i++)
        p.push_back(std::atoll(argv[i]));
    chosen->second(p);
    std::fflush(stdout);
    _exit(0); // actors that still wait for messages would keep the system
}
