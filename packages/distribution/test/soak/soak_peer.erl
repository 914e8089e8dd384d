%% The OTP side of the soak: counts what it receives, sends as many as it is asked to, and dials and drops.
-module(soak_peer).
-export([start/0, send/2]).

start() ->
    register(sink, spawn(fun() -> sink(1) end)),
    ok.

%% Messages are numbered: none may be lost, doubled or overtaken.
sink(Next) ->
    receive
        {message, Next, _} -> sink(Next + 1);
        {count, From} -> From ! {counted, Next - 1}, sink(1);
        {ping, From, Number} -> From ! {pong, Number}, sink(Next)
    end.

%% Sends Count messages to Node's sink, and returns how many it has then received.
send(Node, Count) ->
    To = {sink, Node},
    send(To, Count, 1),
    To ! {count, self()},
    receive {counted, Counted} -> Counted end.

send(_, Count, Number) when Number > Count -> ok;
send(To, Count, Number) ->
    To ! {message, Number, payload(Number)},
    send(To, Count, Number + 1).

payload(Number) ->
    case Number rem 4 of
        0 -> #{<<"id">> => Number, <<"name">> => integer_to_binary(Number), <<"list">> => [1, 2.5, <<"three">>]};
        1 -> binary:copy(<<"payload ">>, Number rem 97);
        2 -> {self(), make_ref(), [Number, -Number, Number * 1.5]};
        3 when Number rem 1000 =:= 3 -> binary:copy(<<Number:64>>, 20000);
        3 -> Number
    end.
