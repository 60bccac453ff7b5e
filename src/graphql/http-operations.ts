import type { ApolloServerPlugin } from '@apollo/server'
import { GraphQLError } from 'graphql'
import type { RequestContext } from './context.js'

/** A subscription has many answers, and a POST has one. */
export function httpOperationsPlugin(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ operation }) {
          if (operation?.operation !== 'subscription') return
          throw new GraphQLError('Subscriptions are not answered over HTTP, but over a WebSocket (graphql-transport-ws) at this address.', {
            extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
          })
        },
      }
    },
  }
}
