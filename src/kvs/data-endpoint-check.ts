import { GatewayError } from '../domain/errors.js'
import { isLoopbackHost } from '../lib/http-server.js'
import type { KvsTarget } from './kvs-target.js'

/** The DNS suffixes of all AWS partitions, including dual-stack. From the SDK's table of partitions (September 2026). */
const AWS_DNS_SUFFIXES: readonly string[] = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'amazonaws.eu',
  'api.amazonwebservices.com.cn',
  'api.amazonwebservices.eu',
  'api.aws',
  'api.aws.hci.ic.gov',
  'api.aws.ic.gov',
  'api.aws.scloud',
  'api.cloud-aws.adc-e.uk',
  'c2s.ic.gov',
  'cloud.adc-e.uk',
  'csp.hci.ic.gov',
  'sc2s.sgov.gov',
]

/**
 * Returns the origin of a data endpoint. The gateway sends signed requests to the host that GetDataEndpoint returns, so a forged response could
 * make it call a host inside its own network. Only allowed hosts pass.
 * @throws GatewayError KVS_UNAVAILABLE
 */
export type DataEndpointCheck = (endpoint: string) => string

export function createDataEndpointCheck(target: KvsTarget): DataEndpointCheck {
  const control = target.endpoint === null ? null : new URL(target.endpoint)
  const suffixes = toSuffixes(target, control)
  return (endpoint) => {
    const url = URL.parse(endpoint)
    if (url === null) throw refuse(endpoint, 'is not a URL')
    const { hostname, protocol } = url
    if (url.username !== '' || url.password !== '') throw refuse(endpoint, 'contains credentials')
    if (!suffixes.some((suffix) => isWithin(hostname, suffix)) && !isOwnLoopback(target, hostname)) {
      throw refuse(endpoint, 'has a host that KVS_DATA_ENDPOINT_SUFFIXES does not allow')
    }
    if (protocol === 'https:' || (protocol === 'http:' && mayBePlain(hostname, control))) return url.origin
    throw refuse(endpoint, 'is not https')
  }
}

function toSuffixes(target: KvsTarget, control: URL | null): readonly string[] {
  const own = control === null ? [] : [control.hostname]
  if (target.backend === 'embedded') return own
  return target.dataEndpointSuffixes ?? [...AWS_DNS_SUFFIXES, ...own]
}

/** The embedded server is on this machine, under any of its loopback names. */
function isOwnLoopback(target: KvsTarget, hostname: string): boolean {
  return target.backend === 'embedded' && isLoopbackHost(hostname)
}

/** Plain HTTP is allowed on loopback, and for the host of the control plane if the operator configured it with an http URL. */
function mayBePlain(hostname: string, control: URL | null): boolean {
  return isLoopbackHost(hostname) || (control?.protocol === 'http:' && control.hostname === hostname)
}

function isWithin(hostname: string, suffix: string): boolean {
  const bare = suffix.toLowerCase()
  const host = hostname.replace(/^\[|\]$/g, '')
  return host === bare.replace(/^\[|\]$/g, '') || host.endsWith(`.${bare}`)
}

/** The message does not contain the endpoint, because callers can see it. */
function refuse(endpoint: string, why: string): GatewayError {
  const cause = new Error(`the data endpoint ${JSON.stringify(endpoint.slice(0, 200))} ${why}`)
  return new GatewayError('KVS_UNAVAILABLE', 'Kinesis Video returned a data endpoint that this gateway may not call.', {}, { cause })
}
