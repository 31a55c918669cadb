/* Two processes of one scheduler wait in catch blocks: each rethrows its own. */
#include <pit/pit.h>

static void catches(const void *arg)
{
    int n = *static_cast<const int *>(arg);

    try {
        try {
            throw n;
        } catch (...) {
            pit_sleep(1 + n); /* the other begins its own meanwhile, which is the younger then */
            throw;
        }
    } catch (int caught) {
        pit_exit(caught == n ? pit_atom("right") : pit_atom("another"));
    }
}

static int first(int, char **)
{
    pit_ref refs[2] = {};
    int status = 0;

    for (int i = 0; i < 2; i++) {
        int n = 10 + 10 * i;

        pit_spawn_with(catches, &n, sizeof n, .monitor = true, .ret_ref = &refs[i]);
    }
    for (pit_ref ref : refs) {
        const pit_msg *m = pit_receive_ref(ref, PIT_INFINITY);

        status |= !pit_term_equal(pit_as(m, pit_down)->reason, pit_atom("right"));
    }
    return status;
}

int main(int argc, char **argv)
{
    pit_node_opts opts = {};

    opts.schedulers = 1;
    return pit_run(&opts, first, argc, argv);
}
