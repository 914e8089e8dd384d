%% An OTP node of the cluster that goes through faults; the same in TypeScript: tiebeam-member.ts.
-module(fault_member).
-export([watch/1, connect/1, sync/1, register/1, table/1, nodes/1]).

%% Tells the test of each visible node that comes or goes.
watch(_) ->
    Self = self(),
    spawn(fun() ->
        ok = net_kernel:monitor_nodes(true),
        Self ! ready,
        tell()
    end),
    receive ready -> [] end.

tell() ->
    receive
        {nodeup, Node} -> tiebeam_peer:emit(["up ", atom_to_list(Node)]);
        {nodedown, Node} -> tiebeam_peer:emit(["down ", atom_to_list(Node)])
    end,
    tell().

%% Tries to connect to all of these nodes at the same time, and does not wait.
connect(Names) ->
    [spawn(fun() -> net_kernel:connect_node(Node) end) || Node <- words(Names)],
    [].

sync(_) ->
    ok = global:sync(),
    [].

%% A process that does nothing but to have this name.
register(Name) ->
    Self = self(),
    Pid = spawn(fun() -> receive {Self, registered} -> receive never -> ok end end end),
    Answer = global:register_name(binary_to_atom(Name), Pid),
    Pid ! {Self, registered},
    atom_to_list(Answer).

%% A line for each name, with its process in the form that all nodes agree on.
table(_) ->
    [[atom_to_list(Name), " ", binary:encode_hex(term_to_binary(Pid, [{minor_version, 2}])), "\n"]
     || Name <- global:registered_names(), Pid <- [global:whereis_name(Name)], is_pid(Pid)].

nodes(_) ->
    [[atom_to_list(Node), "\n"] || Node <- erlang:nodes()].

words(Binary) ->
    [binary_to_atom(Word) || Word <- binary:split(Binary, <<" ">>, [global, trim_all])].
