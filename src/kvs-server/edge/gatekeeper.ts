import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../lib/clock.js'
import { isLoopbackHost } from '../../lib/http-server.js'
import { AwsException } from '../wire/aws-exception.js'
import { type AccessKey, verifySignature } from './signature.js'

/** Decides whether a request is allowed. @throws AwsException */
export type Gatekeeper = (request: IncomingMessage, body: Uint8Array) => void

export function createGatekeeper(accessKeys: readonly AccessKey[], clock: Clock): Gatekeeper {
  if (accessKeys.length === 0) return refuseForeignPages
  return ({ method = 'POST', url = '/', rawHeaders }, body) => verifySignature({ method, url, rawHeaders, body }, accessKeys, clock.now())
}

// Without signatures any web page could make a visitor's browser delete streams on the loopback of this machine: no content type is required,
// and a simple request needs no preflight. Programs send no Origin. Browsers always send it with a POST.
function refuseForeignPages({ headers }: IncomingMessage): void {
  const { origin } = headers
  if (origin === undefined || isLoopbackOrigin(origin)) return
  throw new AwsException('AccessDeniedException', 'Pages of other origins may not call an embedded server that checks no signatures')
}

function isLoopbackOrigin(origin: string): boolean {
  const url = URL.parse(origin)
  return url !== null && isLoopbackHost(url.hostname)
}
