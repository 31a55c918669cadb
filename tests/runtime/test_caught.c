/*
 * Goal: the C++ exceptions that a process has in hand are its own, wherever and whenever it waits
 * (runtime/caught.c).
 * Method: the bodies are C++ (caught_bodies.cc); each runs in a node of node.h, also while its
 * processes are moved.
 */
#include "tests/runtime/node.h"

#include "tests/runtime/caught_bodies.h"

/* Many in catch blocks at once: nested, rethrown, copied by current_exception, with a receive or a
   yield at each step. */
NODE_CASE(what_is_being_caught_is_the_process_s_own) { caught_bodies_take_turns(); }

/* A destructor that an exception runs may wait, throw and catch; std::uncaught_exceptions counts
   the process's. */
NODE_CASE(a_destructor_may_wait_while_an_exception_is_on_its_way)
{
    caught_bodies_take_turns_in_destructors();
}

NODE_CASE(a_handler_may_wait_in_a_catch_block) { caught_bodies_wait_in_a_handler(); }

/* Killed while it waits in a catch block, or ended there by itself: the next process of the slot
   has none. */
NODE_CASE(what_was_being_caught_ends_with_its_process) { caught_bodies_end_in_a_catch_block(); }

NODE_CASE(a_predicate_may_throw_and_catch) { caught_bodies_have_a_predicate_that_throws(); }

NODE_CASE_WITH(a_foreign_thread_catches_its_own, .schedulers = 2)
{
    caught_bodies_catch_on_a_foreign_thread();
}

/* Nobody catches it: the process ends as by abort, and it was not another's. */
NODE_CASE_WITH(an_exception_that_nobody_catches_ends_its_process, .schedulers = 2)
{
    caught_bodies_go_uncaught();
}
