import type { FastifyInstance, FastifyReply } from 'fastify'

/** Answers a request with another method. `allow` is the value of the Allow header. */
export type RefuseMethod = (reply: FastifyReply, allow: string) => FastifyReply

/** Answers every method without a route at `url` with 405 (RFC 9110, 15.5.6), before the body is read. Call it after the routes of the URL. */
export function refuseOtherMethods(app: FastifyInstance, url: string, refuse: RefuseMethod = throwRefusal): void {
  const supported = app.supportedMethods.filter((method) => app.hasRoute({ method, url }))
  const allow = supported.join(', ')
  app.route({
    method: app.supportedMethods.filter((method) => !supported.includes(method)),
    url,
    onRequest: async (_request, reply) => refuse(reply.header('allow', allow), allow),
    handler: async () => undefined,
  })
}

/** Throws an error of Fastify's kind, which each route's error handler formats. */
function throwRefusal(_reply: FastifyReply, allow: string): never {
  const message = `Method not allowed. Use ${allow}.`
  throw Object.assign(new Error(message), { code: 'METHOD_NOT_ALLOWED', statusCode: 405 })
}
