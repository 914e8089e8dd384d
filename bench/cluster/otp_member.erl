%% One OTP node of the cluster benchmark, which looks for its peers as libcluster's Kubernetes.DNS strategy does with its
%% defaults: at start, and 5 s after the end of the look before, all A records of the service, and then one by one every
%% node that is not connected. Prints a line for each event, with the time of the system's clock in ms.
-module(otp_member).
-export([main/0]).

-define(POLLING_INTERVAL_MS, 5000).

main() ->
    [Service, NameServer, Base] = init:get_plain_arguments(),
    ok = net_kernel:monitor_nodes(true, [{node_type, all}]),
    {ok, Address} = inet:parse_address(NameServer),
    %% Others may have connected to it before.
    [print("nodeup", Node) || Node <- nodes(connected)],
    spawn_link(fun() -> poll(Service, Address, Base) end),
    events().

events() ->
    receive
        {nodeup, Node, _} -> print("nodeup", Node);
        {nodedown, Node, _} -> print("nodedown", Node)
    end,
    events().

poll(Service, NameServer, Base) ->
    Addresses = inet_res:lookup(Service, in, a, [{nameservers, [{NameServer, 53}]}]),
    Listed = [list_to_atom(Base ++ "@" ++ inet:ntoa(Address)) || Address <- Addresses],
    [net_kernel:connect_node(Node) || Node <- Listed -- [node() | nodes(connected)]],
    timer:sleep(?POLLING_INTERVAL_MS),
    poll(Service, NameServer, Base).

print(Event, Node) ->
    io:format("~s ~s ~b~n", [Event, Node, erlang:system_time(millisecond)]).
