/** What a console talks to: an interpreter in this process, or one behind a control socket. */
export interface Evaluator {
  evaluate(code: string): Promise<Evaluation>
  complete(line: string): Promise<[completions: string[], of: string]>
}

type Evaluation =
  | { readonly type: 'value'; readonly text: string }
  | { readonly type: 'failed'; readonly text: string }
  /** The code is the beginning of something. */
  | { readonly type: 'incomplete' }
