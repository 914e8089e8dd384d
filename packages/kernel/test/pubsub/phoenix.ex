# What Phoenix.PubSub 2.1 and 2.2 do on the wire and towards their users, for tests on a machine without a package registry: the scope and
# the groups of `pg`, the messages between nodes, subscriptions, and dispatchers.
defmodule Phoenix.PubSub do
  def start(name, pool_size) do
    case :pg.start(Phoenix.PubSub) do
      {:ok, _} -> :ok
      {:error, {:already_started, _}} -> :ok
    end

    {:ok, _} = Registry.start_link(keys: :duplicate, name: name)
    adapter = Module.concat(name, "Adapter")
    groups = [adapter | Enum.map(2..pool_size//1, &:"#{adapter}_#{&1}")]
    :persistent_term.put(adapter, List.to_tuple(groups))
    for group <- groups, do: start_worker(name, group)
    :ok
  end

  def subscribe(name, topic, metadata \\ nil), do: Registry.register(name, topic, metadata)

  def broadcast(name, topic, message, dispatcher \\ __MODULE__) do
    groups = :persistent_term.get(Module.concat(name, "Adapter"))
    group = elem(groups, :erlang.phash2(self(), tuple_size(groups)))

    for pid <- :pg.get_members(__MODULE__, group), node(pid) != node() do
      send(pid, {:forward_to_local, topic, message, dispatcher})
    end

    dispatch_locally(name, topic, message, dispatcher)
  end

  def direct_broadcast(node, name, topic, message) do
    send({Module.concat(name, "Adapter"), node}, {:forward_to_local, topic, message, __MODULE__})
  end

  def dispatch(entries, :none, message) do
    for {pid, _} <- entries, do: send(pid, message)
  end

  defp start_worker(name, group) do
    parent = self()

    worker =
      spawn(fn ->
        Process.register(self(), group)
        :ok = :pg.join(Phoenix.PubSub, group, self())
        send(parent, {:started, self()})
        work(name)
      end)

    receive do
      {:started, ^worker} -> :ok
    end
  end

  defp work(name) do
    receive do
      {:forward_to_local, topic, message, dispatcher} -> dispatch_locally(name, topic, message, dispatcher)
      _ -> :ok
    end

    work(name)
  end

  defp dispatch_locally(name, topic, message, dispatcher) do
    Registry.dispatch(name, topic, {dispatcher, :dispatch, [:none, message]})
  end
end

# The part of Phoenix that channels have in common: what is broadcast reaches a client by way of a "fastlane".
defmodule Phoenix.Socket.Broadcast do
  defstruct topic: nil, event: nil, payload: nil
end

defmodule Phoenix.Channel.Server do
  def dispatch(entries, :none, %Phoenix.Socket.Broadcast{} = message) do
    for {pid, {:fastlane, transport}} <- entries, is_pid(pid), do: send(transport, {:push, message.event, message.payload})
  end
end

# A process that tells a test what it receives.
defmodule Listener do
  def start(name, topic, metadata \\ nil) do
    parent = self()

    spawn(fn ->
      {:ok, _} = Phoenix.PubSub.subscribe(name, topic, metadata)
      send(parent, :subscribed)
      listen([])
    end)
    |> tap(fn _ ->
      receive do
        :subscribed -> :ok
      end
    end)
  end

  def heard(pid) do
    send(pid, {:heard, self()})

    receive do
      {:messages, messages} -> messages
    end
  end

  defp listen(messages) do
    receive do
      {:heard, from} ->
        send(from, {:messages, Enum.reverse(messages)})
        listen(messages)

      message ->
        listen([message | messages])
    end
  end
end
