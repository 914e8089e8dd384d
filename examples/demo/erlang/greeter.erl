%% What runs on the Erlang node of the demo: nothing of Tiebeam, only OTP.
%% Tells what happens, one line each, and ends when its standard input is closed:
%% so it never outlives the demo, however that ends.
-module(greeter).
-export([start/0]).

start() ->
    register(greeter, self()),
    %% `all`, because to OTP a Tiebeam node is a hidden one.
    ok = net_kernel:monitor_nodes(true, [{node_type, all}, nodedown_reason]),
    spawn(fun end_with_input/0),
    io:format("up OTP ~s~n", [erlang:system_info(otp_release)]),
    loop().

loop() ->
    receive
        {hello, From, Text} ->
            io:format("greeted ~s ~ts~n", [node(From), Text]),
            Answer = <<Text/binary, " back, from OTP ", (list_to_binary(erlang:system_info(otp_release)))/binary>>,
            From ! {welcome, self(), Answer};
        {nodeup, Node, _} ->
            io:format("nodeup ~s~n", [Node]);
        {nodedown, Node, Info} ->
            io:format("nodedown ~s ~0tp~n", [Node, proplists:get_value(nodedown_reason, Info)]);
        _ ->
            ok
    end,
    loop().

end_with_input() ->
    case io:get_line("") of
        eof -> halt(0);
        {error, _} -> halt(0);
        _ -> end_with_input()
    end.
