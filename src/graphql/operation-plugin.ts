import { type ApolloServerPlugin, HeaderMap } from '@apollo/server'
import { GraphQLError } from 'graphql'
import { GatewayError } from '../domain/errors.js'
import { describeSpan } from '../lib/tracing.js'
import type { RequestContext } from './context.js'
import { ClientLeft } from './context.js'
import type { CostMeter } from './cost/cost-meter.js'
import { type CostReport, checkCost } from './cost/query-cost.js'
import type { FormatError } from './format-error.js'
import type { TrustedDocuments } from './trusted-documents.js'

export interface OperationListener {
  /** Called after each response. `operationType` is "unknown" for a document without a valid operation. `outcome` is "error" if the response has errors. */
  onOperation(operation: {
    readonly operationType: string
    /** Null unless only trusted documents run. */
    readonly name: string | null
    readonly outcome: 'ok' | 'error'
    readonly seconds: number
  }): void
}

export interface OperationPluginOptions {
  readonly maxCost: number
  readonly formatError: FormatError
  readonly meter: CostMeter | null
  readonly trusted: TrustedDocuments | null
  readonly listener: OperationListener
}

/** A code marks an error as expected: `createFormatError` logs only errors without one. */
const CLIENT_LEFT = 'CLIENT_LEFT'

/** What the gateway adds to Apollo's handling of an operation: limits of cost and size, and metrics. */
export function operationPlugin({
  maxCost,
  meter,
  trusted,
  formatError,
  listener,
}: OperationPluginOptions): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      const startMs = performance.now()
      let cost: CostReport | null = null
      return {
        async didResolveOperation({ schema, document, operation, request, source }) {
          if (!operation) return
          const type = operation.operation
          // Clients choose the name.
          describeSpan({ 'graphql.operation.type': type, 'graphql.operation.name': operation.name?.value.slice(0, 100) ?? '' }, type)
          trusted?.check(source)
          if (operation.operation === 'subscription') throw subscriptionOverHttp()
          const checked = checkCost(schema, { document, operation, variables: request.variables ?? {} }, maxCost)
          if (checked !== null) charge(meter, checked)
          // Only a charged operation gets a refund.
          cost = checked
        },
        // When a client disconnects, each pending resolver fails in its own way: with the signal's reason, an AbortError or a broken body.
        async didEncounterErrors({ errors, contextValue }) {
          if (!(contextValue.caller.signal.reason instanceof ClientLeft)) return
          for (const error of errors) error.extensions.code = CLIENT_LEFT
        },
        async willSendResponse({ schema, document, request, response: { body, http }, operation, errors, contextValue: { answer } }) {
          if (body.kind === 'single') {
            const { data } = body.singleResult
            // The work before an error, or before the response was too large, is not in the response. A refund would make it free.
            const isWhole = answer.refusal === null && (errors === undefined || errors.length === 0)
            if (meter !== null && cost !== null && document && operation)
              cost = meter.settle(cost, isWhole ? { schema, document, operation, variables: request.variables ?? {}, data } : null)
            for (const [name, value] of meter?.headers() ?? []) http.headers.set(name, value)
            const { refusal } = answer
            if (refusal !== null) body.singleResult = { data: null, errors: [formatError({ message: refusal.message }, refusal)] }
            if (cost !== null) body.singleResult.extensions = { ...body.singleResult.extensions, cost }
          }
          const outcome = errors && errors.length > 0 ? 'error' : 'ok'
          const seconds = (performance.now() - startMs) / 1000
          // Clients choose names, which would make any number of time series.
          const name = trusted !== null && cost !== null ? (operation?.name?.value ?? null) : null
          listener.onOperation({ operationType: operation?.operation ?? 'unknown', name, outcome, seconds })
        },
      }
    },
  }
}

/** @throws GraphQLError RATE_LIMITED with status 429 */
function charge(meter: CostMeter | null, { requested }: CostReport): void {
  try {
    meter?.charge(requested)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { retryAfterMs = 0 } = error.details
    const headers = new HeaderMap([['retry-after', String(Math.ceil(retryAfterMs / 1000))]])
    throw new GraphQLError(error.message, { extensions: { code: error.code, retryAfterMs, http: { status: 429, headers } } })
  }
}

function subscriptionOverHttp(): GraphQLError {
  return new GraphQLError(
    'Subscriptions need a WebSocket (graphql-transport-ws) at this address. HTTP requests can only query and mutate.',
    {
      extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
    },
  )
}
