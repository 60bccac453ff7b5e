import { ApolloServer } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import type { GraphQLSchema } from 'graphql'
import { answerLimitPlugin } from './answer-limit.js'
import type { RequestContext } from './context.js'
import { departedClientPlugin } from './departed-client.js'
import { documentLimits, MAX_TOKENS } from './document-limits.js'
import { createFormatError, type ErrorLog } from './format-error.js'
import { httpOperationsPlugin } from './http-operations.js'
import { type OperationListener, operationTimingPlugin } from './operation-timing.js'
import { createPersistedQueries } from './persisted-queries.js'
import { queryCostPlugin } from './query-cost.js'

export interface ApolloOptions {
  readonly maxDepth: number
  readonly maxCost: number
  readonly introspection: boolean
  readonly log: ErrorLog & Record<'debug' | 'info' | 'warn', (message: string) => void>
  readonly listener: OperationListener
}

/** Apollo with nothing of its own towards the outside: no landing page, no reporting, no cache headers, no signal handlers. */
export function createApolloServer(schema: GraphQLSchema, options: ApolloOptions): ApolloServer<RequestContext> {
  const { maxDepth, maxCost, introspection, log, listener } = options
  const formatError = createFormatError(log)
  return new ApolloServer<RequestContext>({
    schema,
    introspection,
    // Without introspection, "did you mean" would give the schema away bit by bit.
    hideSchemaDetailsFromClientErrors: !introspection,
    // The route refuses foreign pages by what their browsers say. Apollo would ask every client for a header that few send by default.
    csrfPrevention: false,
    allowBatchedHttpRequests: false,
    persistedQueries: { cache: createPersistedQueries() },
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: documentLimits({ maxDepth }),
    formatError,
    includeStacktraceInErrorResponses: false,
    nodeEnv: 'production',
    stopOnTerminationSignals: false,
    logger: {
      debug: (text) => log.debug(text),
      info: (text) => log.info(text),
      warn: (text) => log.warn(text),
      error: (text) => log.error({}, text),
    },
    plugins: [
      httpOperationsPlugin(),
      departedClientPlugin(),
      answerLimitPlugin(formatError),
      queryCostPlugin(maxCost),
      operationTimingPlugin(listener),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  })
}
