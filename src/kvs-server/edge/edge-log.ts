/** The part of Fastify's logger that the edge and the services write to. */
export interface EdgeLog {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}
