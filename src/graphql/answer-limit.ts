import type { ApolloServerPlugin } from '@apollo/server'
import type { RequestContext } from './context.js'
import type { FormatError } from './format-error.js'

/** An answer that was stopped because of its size has nothing in it but the reason. */
export function answerLimitPlugin(formatError: FormatError): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ response: { body }, contextValue: { answer } }) {
          const { refusal } = answer
          if (refusal === null || body.kind !== 'single') return
          body.singleResult = { data: null, errors: [formatError({ message: refusal.message }, refusal)] }
        },
      }
    },
  }
}
