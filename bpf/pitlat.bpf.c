/*
 * pitlat, the kernel's side: the delay from process_runnable to process_run, as histograms.
 *
 * A process is runnable on one scheduler at a time, so its entry in `waiting` has one writer; the
 * histograms are added to from all cores, atomically. Nothing is lost unsaid: see `losses`.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

#include "bpf/pitlat.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile bool by_pid = false;
const volatile bool sampled = false; /* take the runtime's own figure, where it has one */

/* Since when a process waits, ns. Not preallocated: a million entries would cost 80 MB at once. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 20);
    __type(key, s64);
    __type(value, u64);
} waiting SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 16384);
    __type(key, s64);
    __type(value, struct pitlat_hist);
} hists SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PITLAT_LOSSES);
    __type(key, u32);
    __type(value, u64);
} losses SEC(".maps");

static const struct pitlat_hist empty;

static __always_inline void lose(u32 how)
{
    u64 *n = bpf_map_lookup_elem(&losses, &how);

    if (n)
        __sync_fetch_and_add(n, 1);
}

static __always_inline u32 log2_of(u64 v)
{
    u32 r = 0;

    for (u32 shift = 32; shift > 0; shift >>= 1) {
        if (v >> shift) {
            v >>= shift;
            r += shift;
        }
    }
    return r;
}

static __always_inline void add(s64 key, u64 ns)
{
    struct pitlat_hist *h = bpf_map_lookup_elem(&hists, &key);

    if (!h) {
        bpf_map_update_elem(&hists, &key, &empty, BPF_NOEXIST); /* or another core just did */
        h = bpf_map_lookup_elem(&hists, &key);
    }
    if (!h) {
        lose(PITLAT_LOST_PROCESS);
        return;
    }

    u32 slot = log2_of(ns);
    if (slot >= PITLAT_SLOTS)
        slot = PITLAT_SLOTS - 1;
    __sync_fetch_and_add(&h->slots[slot], 1);
    __sync_fetch_and_add(&h->count, 1);
    __sync_fetch_and_add(&h->total_ns, ns);
    if (ns > h->longest_ns)
        h->longest_ns = ns; /* two cores at once may keep the shorter of two: worth no lock */
}

static __always_inline void measured(s64 pid, u64 ns)
{
    add(PITLAT_EVERYBODY, ns);
    if (by_pid)
        add(pid, ns);
}

SEC("usdt")
int BPF_USDT(on_runnable, s64 pid)
{
    u64 now = bpf_ktime_get_ns();

    if (pid == 0) /* what is left of a process that has ended */
        return 0;
    if (bpf_map_update_elem(&waiting, &pid, &now, BPF_ANY))
        lose(PITLAT_LOST_WAITING);
    return 0;
}

SEC("usdt")
int BPF_USDT(on_run, s64 pid, s64 sched, s64 delay_ns)
{
    if (sampled) {
        if (delay_ns >= 0)
            measured(pid, delay_ns);
        return 0;
    }

    u64 now = bpf_ktime_get_ns();
    u64 *since = bpf_map_lookup_elem(&waiting, &pid);
    if (!since) {
        lose(PITLAT_UNSEEN);
        return 0;
    }
    u64 ns = now - *since;
    bpf_map_delete_elem(&waiting, &pid);
    measured(pid, ns);
    return 0;
}

/* A process that was killed while it waited never runs again. */
SEC("usdt")
int BPF_USDT(on_exit, s64 pid)
{
    bpf_map_delete_elem(&waiting, &pid);
    return 0;
}
