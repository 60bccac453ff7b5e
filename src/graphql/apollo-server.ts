import { ApolloServer } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import type { GraphQLSchema } from 'graphql'
import type { RequestContext } from './context.js'
import type { CostMeter } from './cost/cost-meter.js'
import { documentLimits, MAX_TOKENS } from './document-limits.js'
import { createFormatError, type ErrorLog } from './format-error.js'
import { type OperationListener, operationPlugin } from './operation-plugin.js'
import { createPersistedQueries } from './persisted-queries.js'
import type { OperationRules } from './subscription-request.js'
import type { TrustedDocuments } from './trusted-documents.js'

export interface ApolloOptions extends OperationRules {
  readonly meter: CostMeter | null
  readonly trusted: TrustedDocuments | null
  readonly log: ErrorLog & Record<'debug' | 'info' | 'warn', (message: string) => void>
  readonly listener: OperationListener
}

/** Apollo without its defaults for the outside: landing page, usage reporting, cache headers and signal handlers are off. */
export function createApolloServer(schema: GraphQLSchema, options: ApolloOptions): ApolloServer<RequestContext> {
  const { maxDepth, maxCost, introspection, meter, trusted, log, listener } = options
  const formatError = createFormatError(log)
  return new ApolloServer<RequestContext>({
    schema,
    introspection,
    // Without introspection, suggestions ("did you mean") would reveal the schema step by step.
    hideSchemaDetailsFromClientErrors: !introspection,
    // The route checks the origin itself. Apollo would require a header that few clients send by default.
    csrfPrevention: false,
    allowBatchedHttpRequests: false,
    persistedQueries: { cache: trusted?.cache ?? createPersistedQueries() },
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
      operationPlugin({ maxCost, meter, trusted, formatError, listener }),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  })
}
