%% One OTP node of the otp benchmark. It reads commands from standard input, one a line, and answers each with one JSON
%% object on standard output. tiebeam-node.mjs has the same servers and functions, so that either can be the other's peer.
%%
%%   calls Node Count Inflight      Count calls to Node's server, by Inflight processes, one after the other each
%%   group Node Count Inflight      the same with calls to the member of a process group that is named after Node
%%   erpc Node Count Inflight       the same with remote calls of a function of Node
%%   restarts Node Count 1          Count times, one after the other: a permanent child ends, and its supervisor starts it again
%%   stop
-module(otp_node).
-behaviour(gen_server).
-export([main/0, double/1, start_child/1]).
-export([init/1, handle_call/3, handle_cast/2]).

main() ->
    %% A report of each restart would cost more than the restart.
    ok = logger:set_primary_config(level, none),
    {ok, Doubler} = gen_server:start({local, doubler}, ?MODULE, [], []),
    {ok, _} = pg:start_link(),
    ok = pg:join(atom_to_binary(node()), Doubler),
    io:format("{\"name\":\"~s\",\"release\":\"~s\"}~n", [node(), erlang:system_info(otp_release)]),
    commands().

commands() ->
    case io:get_line("") of
        eof -> halt(0);
        Line ->
            case string:lexemes(Line, " \n") of
                ["calls", Node, Count, Inflight] ->
                    Server = {doubler, list_to_atom(Node)},
                    answer(concurrently(list_to_integer(Count), list_to_integer(Inflight), fun(Number) ->
                        gen_server:call(Server, {double, Number})
                    end));
                ["group", Node, Count, Inflight] ->
                    Group = list_to_binary(Node),
                    true = net_kernel:connect_node(list_to_atom(Node)),
                    wait_for_member(Group),
                    answer(concurrently(list_to_integer(Count), list_to_integer(Inflight), fun(Number) ->
                        Members = pg:get_members(Group),
                        gen_server:call(lists:nth(rand:uniform(length(Members)), Members), {double, Number})
                    end));
                ["erpc", Node, Count, Inflight] ->
                    To = list_to_atom(Node),
                    answer(concurrently(list_to_integer(Count), list_to_integer(Inflight), fun(Number) ->
                        erpc:call(To, otp_node, double, [Number])
                    end));
                ["restarts", _, Count, _] -> answer(restarts(list_to_integer(Count)));
                ["stop"] -> halt(0)
            end,
            commands()
    end.

answer(Elapsed) -> io:format("{\"elapsedNs\":~b}~n", [Elapsed]).

%% The server and the function.

init([]) -> {ok, none};
init(#{} = Child) -> {ok, {#{intensity => 1000000000, period => 1}, [Child]}}.

handle_call({double, Number}, _From, State) -> {reply, 2 * Number, State}.

handle_cast(_, State) -> {noreply, State}.

double(Number) -> 2 * Number.

wait_for_member(Group) ->
    case pg:get_members(Group) of
        [] -> timer:sleep(10), wait_for_member(Group);
        [_ | _] -> ok
    end.

%% The callers.

concurrently(Count, Inflight, Call) ->
    Begin = erlang:monotonic_time(nanosecond),
    Each = Count div Inflight,
    Callers = [spawn_monitor(fun() -> calls(Call, Caller * Each, Each) end) || Caller <- lists:seq(1, Inflight)],
    [receive {'DOWN', Reference, process, Pid, normal} -> ok end || {Pid, Reference} <- Callers],
    erlang:monotonic_time(nanosecond) - Begin.

calls(_, _, 0) -> ok;
calls(Call, First, Left) ->
    Number = First + Left,
    Doubled = 2 * Number,
    Doubled = Call(Number),
    calls(Call, First, Left - 1).

%% Restarts. The child tells who it is as soon as it runs, and ends when it is told to.

restarts(Count) ->
    Child = #{id => child, start => {?MODULE, start_child, [self()]}},
    {Parent, Reference} = spawn_monitor(fun() ->
        {ok, _} = supervisor:start_link(?MODULE, Child),
        receive stop -> exit(shutdown) end
    end),
    First = receive {started, Started} -> Started end,
    Begin = erlang:monotonic_time(nanosecond),
    restart(First, Count),
    Elapsed = erlang:monotonic_time(nanosecond) - Begin,
    Parent ! stop,
    receive {'DOWN', Reference, process, Parent, shutdown} -> ok end,
    Elapsed.

restart(_, 0) -> ok;
restart(Child, Count) ->
    exit(Child, crash),
    receive {started, Next} -> restart(Next, Count - 1) end.

start_child(Owner) ->
    Pid = spawn_link(fun() -> receive stop -> ok end end),
    Owner ! {started, Pid},
    {ok, Pid}.
