import type { ServerResponse } from 'node:http'
import type { HlsAnswer, HlsCall, HlsResource } from '../hls/hls-resources.js'
import { refuseEmpty } from '../hls/hls-session.js'
import { applyBeforeAnswer, spoilAnswer } from './apply-faults.js'
import type { Exchange } from './exchange.js'
import { counted, type EdgeContext, type Outcome } from './operation-handler.js'
import { sendMedia } from './send-media.js'

/** Answers one request of a player and never rejects. The session token is the only authorization. */
export async function handleHls(exchange: Exchange, resource: HlsResource, context: EdgeContext): Promise<void> {
  allowEveryOrigin(exchange.response)
  await counted(exchange, { name: resource.name, metrics: context.services.metrics }, () => answer(exchange, resource, context))
}

/** Pages of any origin may play a session, as on AWS. The URL is its protection. */
export function allowEveryOrigin(response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('access-control-allow-methods', 'GET, HEAD, OPTIONS')
  response.setHeader('access-control-allow-headers', '*')
  response.setHeader('access-control-expose-headers', 'content-length, content-type, date, x-amzn-errortype, x-amzn-requestid')
  response.setHeader('access-control-max-age', '86400')
  response.setHeader('cross-origin-resource-policy', 'cross-origin')
  response.setHeader('x-content-type-options', 'nosniff')
}

async function answer(exchange: Exchange, resource: HlsResource, { services, faults }: EdgeContext): Promise<Outcome> {
  const call = openCall(exchange, services)
  const applied = faults?.apply(resource.name, call.stream.name) ?? []
  if (await applyBeforeAnswer(exchange, applied)) return 'Fault'
  services.quotas.admitSession(resource.name, call.session.id)
  const made = await resource.run(call, services)
  exchange.response.setHeader('cache-control', cacheControl(made, services.clock.now()))
  const sent = spoilAnswer(made, applied, exchange.call.signal)
  await sendMedia(exchange, sent, (bytes) => services.metrics.countOutgoingBytes(resource.name, bytes))
  return 'ok'
}

function openCall({ request }: Exchange, { hlsTokens, streams, clock }: EdgeContext['services']): HlsCall {
  const query = URL.parse(request.url ?? '', 'http://localhost')?.searchParams ?? new URLSearchParams()
  const token = query.get('SessionToken') ?? ''
  const session = hlsTokens.open(token, clock.now())
  return { session, stream: streams.findById(session.streamId) ?? refuseEmpty(), token, query }
}

function cacheControl({ keptUntilMs }: HlsAnswer, now: number): string {
  if (keptUntilMs === null) return 'no-cache'
  return `private, max-age=${Math.max(0, Math.floor((keptUntilMs - now) / 1000))}, immutable`
}
