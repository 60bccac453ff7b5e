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
import type { CallerOptions } from '../auth/caller.js'
import type { AnswerBytes } from './answer-bytes.js'
import { toCancellable } from './cancellable-generator.js'
import type { RequestContext } from './context.js'
import type { CostMeter } from './cost/cost-meter.js'
import type { CostReport } from './cost/query-cost.js'
import { createFormatError, type ErrorLog, type FormatError } from './format-error.js'
import { type OperationRules, parseSubscription, type SubscriptionRequest } from './subscription-request.js'

export interface SubscriptionListener {
  began(): void
  /** Called after the subscription has released its resources. */
  ended(): void
}

export interface SubscriptionsOptions extends OperationRules {
  readonly log: ErrorLog
  readonly meter: CostMeter | null
  readonly createContext: (caller: CallerOptions, maxAnswerBytes: number) => RequestContext
  /** Maximum size of one result as JSON. */
  readonly maxAnswerBytes: number
  readonly listener: SubscriptionListener
}

/** Runs subscriptions, which Apollo Server does not support, with the limits and errors of Apollo's queries. Independent of the transport. */
export class Subscriptions {
  readonly #formatError: FormatError
  readonly #costs = new WeakMap<DocumentNode, CostReport>()

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly options: SubscriptionsOptions,
  ) {
    this.#formatError = createFormatError(options.log)
  }

  /** Returns the arguments of `run`, or the errors of an invalid request. */
  parse(request: SubscriptionRequest): ExecutionArgs | readonly GraphQLError[] {
    const parsed = parseSubscription(this.schema, request, this.options)
    if (!('args' in parsed)) return parsed
    if (parsed.cost !== null) this.#costs.set(parsed.args.document, parsed.cost)
    return parsed.args
  }

  /** Returns the results. Their `return` ends the subscription at once and aborts the signal of its context. */
  async run(args: ExecutionArgs, requester: Omit<CallerOptions, 'signal'>): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult> {
    const { createContext, maxAnswerBytes, listener } = this.options
    const end = new AbortController()
    const context = createContext({ ...requester, signal: end.signal }, maxAnswerBytes)
    const cost = this.#costs.get(args.document)
    if (cost !== undefined) this.options.meter?.charge(cost.requested)
    const results = await subscribe({ ...args, contextValue: context })
    if (!(Symbol.asyncIterator in results)) return results
    listener.began()
    return toCancellable(boundResults(results, context.answer), end, () => {
      context.answer.release()
      listener.ended()
    })
  }

  formatErrors(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    return errors.map((error) => this.#formatError(error.toJSON(), error.originalError ?? error))
  }

  /** `args` are the arguments of the `run` that produced the result. */
  formatResult({ errors, ...result }: ExecutionResult, { document }: ExecutionArgs): FormattedExecutionResult {
    const cost = this.#costs.get(document)
    const costed = cost === undefined ? result : { ...result, extensions: { ...result.extensions, cost } }
    return errors ? { ...costed, errors: this.formatErrors(errors) } : costed
  }
}

/** Ends the subscription after a result that is too large. A result counts until the reader requests the next one: then it has been sent. */
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
