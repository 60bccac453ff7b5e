import ipaddr from 'ipaddr.js'

const NETWORK_BYTES = 8

/** What counts as one client: an IPv4 address, or the /64 network of an IPv6 address, which one host chooses its addresses from. */
export function toClientKey(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${Buffer.from(parsed.toByteArray().slice(0, NETWORK_BYTES)).toString('hex')}/64`
}
