import type { ApolloServerPlugin } from '@apollo/server'
import type { RequestContext } from './context.js'

/** Marks an error that no client will read: `createFormatError` logs only what has no code. */
const CLIENT_LEFT = 'CLIENT_LEFT'

/** The reason of an operation's signal when the client has disconnected. It is not a fault, so errors that follow from it are not logged. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft'
}

/**
 * When a client leaves, every resolver that waits fails, each in its own way (a signal's reason, an AbortError, a broken body). The
 * operation's signal says that these are no faults.
 */
export function departedClientPlugin(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async didEncounterErrors({ errors, contextValue }) {
          if (!(contextValue.signal.reason instanceof ClientLeft)) return
          for (const error of errors) error.extensions.code = CLIENT_LEFT
        },
      }
    },
  }
}
