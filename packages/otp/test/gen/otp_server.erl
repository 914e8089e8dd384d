%% A gen_server of OTP as the tests need it.
-module(otp_server).
-behaviour(gen_server).
-export([start/1, init/1, handle_call/3, handle_cast/2, handle_info/2]).

start(Name) -> gen_server:start({local, Name}, ?MODULE, [], []).

init([]) -> {ok, #{casts => [], waiting => undefined}}.

handle_call({echo, Value}, _From, State) -> {reply, {echoed, Value}, State};
handle_call(whoami, {Pid, _Tag}, State) -> {reply, Pid, State};
handle_call(casts, _From, #{casts := Casts} = State) -> {reply, lists:reverse(Casts), State};
handle_call({sleep, Ms}, _From, State) -> timer:sleep(Ms), {reply, slept, State};
handle_call(silence, _From, State) -> {noreply, State};
handle_call(later, From, State) -> {noreply, State#{waiting := From}};
handle_call(release, _From, #{waiting := From} = State) -> gen_server:reply(From, released), {reply, ok, State};
handle_call({by_pid, Value}, {Pid, Tag}, State) -> Pid ! {Tag, Value}, {noreply, State};
handle_call({nonsense, Value}, {_, [alias | Alias]}, State) -> Alias ! Value, {noreply, State};
handle_call({stop, Reason}, _From, State) -> {stop, Reason, State};
handle_call({stop, Reason, Reply}, _From, State) -> {stop, Reason, Reply, State};
handle_call(crash, _From, _State) -> error(crashed).

handle_cast(Cast, #{casts := Casts} = State) -> {noreply, State#{casts := [Cast | Casts]}}.

handle_info(_Info, State) -> {noreply, State}.
