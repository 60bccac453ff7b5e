import type { FastifyInstance } from 'fastify'
import type { GatewayMetrics } from './gateway-metrics.js'
import { sendPage, toStartPage } from './html-page.js'
import { refuseOtherMethods } from './refuse-other-methods.js'

export interface TextRouteOptions {
  readonly schemaText: string
  readonly metrics: GatewayMetrics
  readonly publicUrl: () => string
}

/** The start page, the schema and the metrics. */
export async function textRoutes(app: FastifyInstance, { schemaText, metrics, publicUrl }: TextRouteOptions): Promise<void> {
  app.get('/', async (_request, reply) => sendPage(reply, toStartPage(publicUrl())))
  app.get('/schema.graphql', async (_request, reply) =>
    reply.header('cache-control', 'no-cache').type('text/plain; charset=utf-8').send(schemaText),
  )
  app.get('/metrics', async (_request, reply) =>
    reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.print()),
  )
  for (const url of ['/', '/schema.graphql', '/metrics']) refuseOtherMethods(app, url)
}
