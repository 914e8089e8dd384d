// Command porcupine checks a history of transactions that append to lists and read them, as Elle's list-append has it, for strict
// serializability: whether there is an order in which each took place at one moment between its beginning and its end. Its argument is
// the file, in EDN. It exits with 0 when there is one, with 1 when there is none, and with 2 when it cannot tell.
package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
	"olympos.io/encoding/edn"
)

const timeout = 5 * time.Minute

type event struct {
	Time    int64       `edn:"time"`
	Process int         `edn:"process"`
	Type    edn.Keyword `edn:"type"`
	Value   []step      `edn:"value"`
}

// A step is `[:r key values]` or `[:append key value]`.
type step struct {
	key      string
	isAppend bool
	value    int64
	// Nil while it is not known.
	read *[]int64
}

func (s *step) UnmarshalEDN(text []byte) error {
	var parts []edn.RawMessage
	if err := edn.Unmarshal(text, &parts); err != nil {
		return err
	}
	if len(parts) != 3 {
		return fmt.Errorf("a step has 3 parts: %s", text)
	}
	var kind edn.Keyword
	if err := errors.Join(edn.Unmarshal(parts[0], &kind), edn.Unmarshal(parts[1], &s.key)); err != nil {
		return err
	}
	switch kind {
	case "append":
		s.isAppend = true
		return edn.Unmarshal(parts[2], &s.value)
	case "r":
		return edn.Unmarshal(parts[2], &s.read)
	}
	return fmt.Errorf("a step is :r or :append: %s", text)
}

// Lists by key; a step makes others of them, and leaves these as they are.
type lists map[string][]int64

var model = porcupine.Model{
	Init: func() any { return lists{} },
	Step: func(state, steps, _ any) (bool, any) {
		now := maps.Clone(state.(lists))
		for _, step := range steps.([]step) {
			if step.isAppend {
				now[step.key] = append(slices.Clip(now[step.key]), step.value)
			} else if step.read != nil && !slices.Equal(*step.read, now[step.key]) {
				return false, nil
			}
		}
		return true, now
	},
	Equal: func(left, right any) bool {
		return maps.EqualFunc(left.(lists), right.(lists), slices.Equal)
	},
}

func operationsOf(history io.Reader) ([]porcupine.Operation, error) {
	begun := map[int]event{}
	var done, unknown []porcupine.Operation
	read := map[int64]bool{}
	for decoder := edn.NewDecoder(history); ; {
		var event event
		if err := decoder.Decode(&event); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		begin, isBegun := begun[event.Process]
		if isBegun == (event.Type == "invoke") {
			return nil, fmt.Errorf("process %d at %d: %s does not follow", event.Process, event.Time, event.Type)
		}
		operation := porcupine.Operation{ClientId: event.Process, Input: event.Value, Call: begin.Time, Return: event.Time}
		switch event.Type {
		case "invoke":
			begun[event.Process] = event
			continue
		case "ok":
			done = append(done, operation)
			for _, step := range event.Value {
				if step.read != nil {
					for _, value := range *step.read {
						read[value] = true
					}
				}
			}
		case "info":
			operation.Return = math.MaxInt64
			unknown = append(unknown, operation)
		case "fail":
		default:
			return nil, fmt.Errorf("there is no type :%s", event.Type)
		}
		delete(begun, event.Process)
	}
	// One of which nothing was ever read may come last in any order, or never. Left out, it costs no search.
	for _, operation := range unknown {
		if slices.ContainsFunc(operation.Input.([]step), func(s step) bool { return s.isAppend && read[s.value] }) {
			done = append(done, operation)
		}
	}
	return done, nil
}

func main() {
	if len(os.Args) != 2 {
		giveUp("usage: porcupine HISTORY.edn")
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		giveUp(err)
	}
	operations, err := operationsOf(file)
	if err != nil {
		giveUp(err)
	}
	switch porcupine.CheckOperationsTimeout(model, operations, timeout) {
	case porcupine.Ok:
		fmt.Printf("%d operations are strictly serializable\n", len(operations))
	case porcupine.Illegal:
		fmt.Printf("no order explains these %d operations\n", len(operations))
		os.Exit(1)
	default:
		giveUp(fmt.Sprintf("found nothing out within %s", timeout))
	}
}

func giveUp(why any) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(2)
}
