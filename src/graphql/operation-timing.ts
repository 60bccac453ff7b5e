import type { ApolloServerPlugin } from '@apollo/server'
import type { RequestContext } from './context.js'

/** Hears of every operation that has been answered. */
export interface OperationListener {
  /** `operationType` is "unknown" when the document did not get so far. `outcome` is "ok", or "error" when errors has an item. */
  onOperation(operation: { readonly operationType: string; readonly outcome: 'ok' | 'error'; readonly seconds: number }): void
}

export function operationTimingPlugin(listener: OperationListener): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      const startMs = performance.now()
      return {
        async willSendResponse({ operation, errors }) {
          const outcome = errors && errors.length > 0 ? 'error' : 'ok'
          listener.onOperation({ operationType: operation?.operation ?? 'unknown', outcome, seconds: (performance.now() - startMs) / 1000 })
        },
      }
    },
  }
}
