import type { FastifyInstance, FastifyReply } from 'fastify'

/** What an address that takes these methods (as `Allow` lists them) answers to another. */
export type RefuseMethod = (reply: FastifyReply, allow: string) => FastifyReply

/** After an address's routes: to every other method it answers 405 (RFC 9110, 15.5.6), before a body is read. */
export function refuseOtherMethods(app: FastifyInstance, url: string, refuse: RefuseMethod = throwRefusal): void {
  const taken = app.supportedMethods.filter((method) => app.hasRoute({ method, url }))
  const allow = taken.join(', ')
  app.route({
    method: app.supportedMethods.filter((method) => !taken.includes(method)),
    url,
    onRequest: async (_request, reply) => refuse(reply.header('allow', allow), allow),
    handler: async () => undefined,
  })
}

/** Of Fastify's own kind, so that each route's error handler tells it in its shape. */
function throwRefusal(_reply: FastifyReply, allow: string): never {
  const message = `Method not allowed. Use ${allow}.`
  throw Object.assign(new Error(message), { code: 'METHOD_NOT_ALLOWED', statusCode: 405 })
}
