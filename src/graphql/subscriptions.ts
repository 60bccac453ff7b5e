import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  subscribe,
} from 'graphql'
import type { AnswerBytes } from './answer-bytes.js'
import type { RequestContext } from './context.js'
import { endAtOnce } from './end-at-once.js'
import { createFormatError, type ErrorLog, type FormatError } from './format-error.js'
import type { CostReport } from './query-cost.js'
import { parseSubscription, type SubscriptionRequest, type SubscriptionRules } from './subscription-request.js'

/** Hears of the subscriptions that run. */
export interface SubscriptionListener {
  began(): void
  /** All that it held has been freed. */
  ended(): void
}

export interface SubscriptionsOptions extends SubscriptionRules {
  readonly log: ErrorLog
  readonly createContext: (signal: AbortSignal, maxAnswerBytes: number) => RequestContext
  /** The most that one result may have, as JSON. */
  readonly maxAnswerBytes: number
  readonly listener: SubscriptionListener
}

/** Subscriptions beside Apollo, which has none: the same limits, the same errors, a context for each. Whatever carries them calls these three. */
export class Subscriptions {
  readonly #schema: GraphQLSchema
  readonly #options: SubscriptionsOptions
  readonly #formatError: FormatError
  readonly #costs = new WeakMap<DocumentNode, CostReport>()

  constructor(schema: GraphQLSchema, options: SubscriptionsOptions) {
    this.#schema = schema
    this.#options = options
    this.#formatError = createFormatError(options.log)
  }

  /** What `run` takes, or why it is refused. */
  parse(request: SubscriptionRequest): ExecutionArgs | readonly GraphQLError[] {
    const parsed = parseSubscription(this.#schema, request, this.#options)
    if (!('args' in parsed)) return parsed
    if (parsed.cost !== null) this.#costs.set(parsed.args.document, parsed.cost)
    return parsed.args
  }

  /** The results, one after the other; `return` ends them at once and aborts the signal of the subscription's context. */
  async run(args: ExecutionArgs): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult> {
    const { createContext, maxAnswerBytes, listener } = this.#options
    const end = new AbortController()
    const context = createContext(end.signal, maxAnswerBytes)
    const results = await subscribe({ ...args, contextValue: context })
    if (!(Symbol.asyncIterator in results)) return results
    listener.began()
    return endAtOnce(boundResults(results, context.answer), end, () => {
      context.answer.release()
      listener.ended()
    })
  }

  /** The errors as a client may see them. */
  formatErrors(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    return errors.map((error) => this.#formatError(error.toJSON(), error.originalError ?? error))
  }

  /** `args` is what the result came from. */
  formatResult({ errors, ...result }: ExecutionResult, { document }: ExecutionArgs): FormattedExecutionResult {
    const cost = this.#costs.get(document)
    const costed = cost === undefined ? result : { ...result, extensions: { ...result.extensions, cost } }
    return errors ? { ...costed, errors: this.formatErrors(errors) } : costed
  }
}

/** Each result counts until the next one is asked for, which is when it has been sent. One that is too large ends the subscription. */
async function* boundResults(results: AsyncGenerator<ExecutionResult, void>, answer: AnswerBytes): AsyncGenerator<ExecutionResult, void> {
  for await (const result of results) {
    const { refusal } = answer
    if (refusal !== null) {
      yield { data: null, errors: [new GraphQLError(refusal.message, { originalError: refusal })] }
      return
    }
    yield result
    answer.restart()
  }
}
