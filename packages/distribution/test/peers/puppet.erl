%% Processes that do what a test tells them, and tell the test what they receive. The same in TypeScript: puppet.ts.
-module(puppet).
-export([start/0, start_server/1, init/1, handle_call/3, handle_cast/2, handle_info/2]).
-behaviour(gen_server).

%% Registers the process that makes puppets: {make, Owner} is answered by {made, Puppet}.
start() ->
    Pid = spawn(fun make/0),
    register(puppeteer, Pid),
    ok.

make() ->
    receive
        {make, Owner} ->
            Owner ! {made, spawn(fun() -> loop(Owner) end)},
            make()
    end.

loop(Owner) ->
    receive
        {do, Tag, Command} ->
            Owner ! {did, Tag, do(Owner, Command)},
            loop(Owner);
        Message ->
            Owner ! {got, self(), Message},
            loop(Owner)
    end.

do(_, {link, Pid}) -> link(Pid), ok;
do(_, {unlink, Pid}) -> unlink(Pid), ok;
do(_, {monitor, Target}) -> erlang:monitor(process, Target);
do(_, {demonitor, Reference}) -> erlang:demonitor(Reference), ok;
do(_, {send, To, Message}) -> To ! Message, ok;
do(_, {exit, Pid, Reason}) -> exit(Pid, Reason), ok;
do(_, {trap, Flag}) -> process_flag(trap_exit, Flag), ok;
do(_, {register, Name}) -> register(Name, self()), ok;
do(_, {leave, Reason}) -> exit(Reason);
do(_, {alias}) -> erlang:alias();
do(_, {unalias, Alias}) -> erlang:unalias(Alias);
do(_, {ping, Node}) -> net_adm:ping(Node);
do(_, {call, Server, Request, Timeout}) ->
    try gen_server:call(Server, Request, Timeout)
    catch exit:{Reason, _} -> {exit, Reason}
    end.

%% A gen_server that echoes calls, and forwards casts and messages to its owner.
start_server(Name) ->
    {ok, _} = gen_server:start({local, Name}, ?MODULE, [], []),
    ok.

init([]) -> {ok, undefined}.

handle_call({echo, Value}, _From, State) -> {reply, {echoed, Value}, State};
handle_call(whoami, {Pid, _Tag}, State) -> {reply, Pid, State};
handle_call({later, Milliseconds}, From, State) ->
    erlang:send_after(Milliseconds, self(), {reply, From}),
    {noreply, State};
handle_call({stop, Reason}, _From, State) -> {stop, Reason, stopping, State}.

handle_cast({owner, Pid}, _State) -> {noreply, Pid};
handle_cast(Message, Owner) -> Owner ! {cast, Message}, {noreply, Owner}.

handle_info({reply, From}, State) -> gen_server:reply(From, late), {noreply, State};
handle_info(_Message, State) -> {noreply, State}.
