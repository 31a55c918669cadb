/*
 * Banking: a teller moves money between accounts. The account that gives asks the account that
 * takes, and serves nobody until it has the answer.
 */
#include "bench/savina/savina.h"

#include <stdlib.h>

#define INITIAL 1000000000 /* more than all transactions can take away */

#define account_protocol(CALL, CAST)                                           \
    CALL(debit, ((int64_t, amount)), ())                                       \
    CAST(credit, ((pit_pid, recipient), (int64_t, amount), (pit_pid, teller))) \
    CALL(balance, (), ((int64_t, balance)))
PIT_PROTOCOL(account);

struct account {
    int64_t balance;
};

static int init(struct account *self, const void *arg)
{
    self->balance = INITIAL;
    return 0;
}

static void on_debit(struct account *self, const struct account_debit *m,
                     struct account_debit_reply *r)
{
    self->balance += m->amount;
}

/* No two accounts ever ask each other: the teller moves money to higher numbers only. */
static void on_credit(struct account *self, const struct account_credit *m)
{
    self->balance -= m->amount;
    account_debit(m->recipient, m->amount);
    pit_send(m->teller, bench_done, .count = 1);
}

static void on_balance(struct account *self, const struct account_balance *m,
                       struct account_balance_reply *r)
{
    r->balance = self->balance;
}

PIT_SERVER(account, struct account, .init = init);

static void run(const uint64_t *params)
{
    uint32_t accounts = (uint32_t)params[0], random = 123456;
    uint64_t transactions = params[1], differ = 0;
    pit_pid *pids = bench_memory(accounts, sizeof *pids);
    int64_t *expected = bench_memory(accounts, sizeof *expected);

    BENCH_CHECK(accounts >= 10);
    int64_t since = pit_now();
    for (uint32_t i = 0; i < accounts; i++)
        pids[i] = pit_must(pit_server_start_link(&account_server, NULL, 0));
    for (uint64_t i = 0; i < transactions; i++) {
        uint32_t from = savina_random(&random, accounts / 10 * 8);
        uint32_t to = from + 1 + savina_random(&random, accounts - from - 1);
        int64_t amount = savina_random(&random, 1000);

        expected[from] -= amount;
        expected[to] += amount;
        account_credit(pids[from], pids[to], amount, pit_self());
    }
    uint64_t done = bench_wait_done(transactions);
    savina_report(since, "transactions_per_s", transactions);
    savina_expect("transactions", done, transactions);
    for (uint32_t i = 0; i < accounts; i++)
        differ += account_balance(pids[i]).balance != INITIAL + expected[i];
    savina_expect("accounts with a wrong balance", differ, 0);
    free(pids);
    free(expected);
}

const struct savina savina_banking = {
    .name = "banking",
    .what = "a teller moves money between accounts, each transfer a call between two",
    .run = run,
    .params = {{"accounts", 1000, 10, SAVINA_FIXED}, {"transactions", 50000, 1, SAVINA_LINEAR}},
};
