%% One OTP node of the benchmark of process groups. It reads commands from standard input, one a line, and answers each with
%% one JSON object on standard output; so does tiebeam-node.mjs, so that either can be the other's peer.
%%
%%   connect Node         connects, and waits for it
%%   fill Groups Each     starts the scope anew, with Groups groups of Each processes of this node, each in one group
%%   sync Groups Each     starts the scope anew; the clock runs until all of these memberships are visible here
%%   echo                 starts the scope anew; each join of another node is answered by a message to the process that joined
%%   join Count Nodes     Count processes join, one after the other; the clock of each runs until the answers of so many nodes
%%   stop                 ends the scope
-module(otp_node).
-export([main/0]).

-define(SCOPE, bench_scope).

main() ->
    io:format("{\"name\":\"~s\",\"release\":\"~s\"}~n", [node(), erlang:system_info(otp_release)]),
    commands([]).

commands(Processes) ->
    case io:get_line("") of
        eof -> halt(0);
        Line ->
            case string:lexemes(Line, " \n") of
                ["connect", Node] ->
                    true = net_kernel:connect_node(list_to_atom(Node)),
                    answer(0),
                    commands(Processes);
                ["fill", Groups, Each] ->
                    commands(fill(list_to_integer(Groups), list_to_integer(Each), Processes));
                ["sync", Groups, Each] ->
                    answer(sync(list_to_integer(Groups), list_to_integer(Each))),
                    commands(Processes);
                ["echo"] ->
                    start(),
                    Self = self(),
                    spawn(fun() -> echo(Self) end),
                    receive echoing -> answer(0) end,
                    commands(Processes);
                ["join", Count, Nodes] ->
                    Samples = joins(list_to_integer(Count), list_to_integer(Nodes)),
                    Text = lists:join(",", [integer_to_list(Sample) || Sample <- Samples]),
                    io:format("{\"elapsedNs\":0,\"roundTripsNs\":[~s]}~n", [Text]),
                    commands(Processes);
                ["stop"] ->
                    stop(),
                    answer(0),
                    commands(Processes)
            end
    end.

answer(ElapsedNs) -> io:format("{\"elapsedNs\":~b}~n", [ElapsedNs]).

start() ->
    stop(),
    {ok, _} = pg:start(?SCOPE).

stop() ->
    case whereis(?SCOPE) of
        undefined -> ok;
        Pid -> gen_server:stop(Pid)
    end.

fill(Groups, Each, Processes) ->
    start(),
    More = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(length(Processes) + 1, Groups * Each)],
    All = More ++ Processes,
    fill_groups(Groups, Each, All),
    answer(0),
    All.

fill_groups(0, _, _) -> ok;
fill_groups(Group, Each, Processes) ->
    {Members, Rest} = lists:split(Each, Processes),
    ok = pg:join(?SCOPE, name(Group), Members),
    fill_groups(Group - 1, Each, Rest).

name(Number) -> <<"group-", (integer_to_binary(Number))/binary>>.

sync(Groups, Each) ->
    stop(),
    erlang:garbage_collect(),
    Begin = erlang:monotonic_time(nanosecond),
    {ok, _} = pg:start(?SCOPE),
    await_groups(Groups),
    Elapsed = erlang:monotonic_time(nanosecond) - Begin,
    [Each = length(pg:get_members(?SCOPE, name(Group))) || Group <- lists:seq(1, Groups)],
    Elapsed.

await_groups(Groups) ->
    case ets:info(?SCOPE, size) of
        Groups -> ok;
        _ -> receive after 1 -> await_groups(Groups) end
    end.

echo(Parent) ->
    {Reference, _} = pg:monitor_scope(?SCOPE),
    Parent ! echoing,
    echo_joins(Reference).

echo_joins(Reference) ->
    receive
        {Reference, join, _, [Pid]} when node(Pid) =/= node() ->
            Pid ! joined,
            echo_joins(Reference);
        {Reference, _, _, _} ->
            echo_joins(Reference)
    end.

joins(Count, Nodes) ->
    start(),
    %% The scopes find each other first.
    timer:sleep(200),
    [join(Number, Nodes) || Number <- lists:seq(1, Count)].

join(Number, Nodes) ->
    Self = self(),
    spawn(fun() ->
        Begin = erlang:monotonic_time(nanosecond),
        ok = pg:join(?SCOPE, name(Number), self()),
        [receive joined -> ok end || _ <- lists:seq(1, Nodes)],
        Self ! {joined, erlang:monotonic_time(nanosecond) - Begin}
    end),
    receive {joined, Elapsed} -> timer:sleep(1), Elapsed end.
