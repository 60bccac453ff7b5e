import ipaddr from 'ipaddr.js'

/** What counts as one client: an IPv4 address, or the /64 network of an IPv6 address, which one host chooses its addresses from. */
export function toClientKey(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${Buffer.from(parsed.toByteArray().slice(0, 8)).toString('hex')}/64`
}
