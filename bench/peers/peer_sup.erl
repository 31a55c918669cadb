%% A supervisor of one child that is always restarted.
-module(peer_sup).
-behaviour(supervisor).
-export([start_link/1, init/1]).

start_link(Watcher) -> supervisor:start_link(?MODULE, Watcher).

init(Watcher) ->
    {ok, {#{strategy => one_for_one, intensity => 1000000000, period => 1},
          [#{id => child, start => {peer_server, start_link, [Watcher]}}]}}.
