%% A gen_server that hands out numbers, and says that it is up to whoever wants to know.
-module(peer_server).
-behaviour(gen_server).
-export([start_link/1, init/1, handle_call/3, handle_cast/2]).

start_link(Watcher) -> gen_server:start_link(?MODULE, Watcher, []).

init(nobody) -> {ok, 0};
init(Watcher) -> Watcher ! {up, self()}, {ok, 0}.

handle_call(next, _From, N) -> {reply, N, N + 1}.

handle_cast(_, N) -> {noreply, N}.
