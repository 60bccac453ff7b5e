import {
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  subscribe,
} from 'graphql'
import type { RequestContext } from './context.js'
import { endAtOnce } from './end-at-once.js'
import { createFormatError, type ErrorLog, type FormatError } from './format-error.js'
import { parseSubscription, type SubscriptionRequest, type SubscriptionRules } from './subscription-request.js'

/** Hears of the subscriptions that run. */
export interface SubscriptionListener {
  began(): void
  /** All that it held has been freed. */
  ended(): void
}

export interface SubscriptionsOptions extends SubscriptionRules {
  readonly log: ErrorLog
  readonly createContext: (signal: AbortSignal) => RequestContext
  readonly listener: SubscriptionListener
}

/** Subscriptions beside Apollo, which has none: the same limits, the same errors, a context for each. Whatever carries them calls these three. */
export class Subscriptions {
  readonly #schema: GraphQLSchema
  readonly #options: SubscriptionsOptions
  readonly #formatError: FormatError

  constructor(schema: GraphQLSchema, options: SubscriptionsOptions) {
    this.#schema = schema
    this.#options = options
    this.#formatError = createFormatError(options.log)
  }

  /** What `run` takes, or why it is refused. */
  parse(request: SubscriptionRequest): ExecutionArgs | readonly GraphQLError[] {
    return parseSubscription(this.#schema, request, this.#options)
  }

  /** The results, one after the other; `return` ends them at once and aborts the signal of the subscription's context. */
  async run(args: ExecutionArgs): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult> {
    const { createContext, listener } = this.#options
    const end = new AbortController()
    const results = await subscribe({ ...args, contextValue: createContext(end.signal) })
    if (!(Symbol.asyncIterator in results)) return results
    listener.began()
    return endAtOnce(results, end, () => listener.ended())
  }

  /** The errors as a client may see them. */
  formatErrors(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    return errors.map((error) => this.#formatError(error.toJSON(), error.originalError ?? error))
  }

  formatResult({ errors, ...result }: ExecutionResult): FormattedExecutionResult {
    return errors ? { ...result, errors: this.formatErrors(errors) } : result
  }
}
