import { apollo, apolloByGet, apolloPersisted } from './apollo.js'
import { graphqlRequest, graphqlRequestByGet } from './graphql-request.js'
import { relay } from './relay.js'
import { urql, urqlPersisted } from './urql.js'

export const CLIENTS = { urql, urqlPersisted, apollo, apolloByGet, apolloPersisted, graphqlRequest, graphqlRequestByGet, relay }

/** Runs a client, and notes the method and the status of each request that it sends. */
export async function runClient(name, options) {
  const sent = []
  const { fetch } = globalThis
  globalThis.fetch = async (address, init) => {
    const response = await fetch(address, init)
    const { method = 'GET' } = init ?? address
    sent.push(`${method} ${response.status}`)
    return response
  }
  try {
    return { ...(await CLIENTS[name](options)), sent }
  } catch (error) {
    return { error: `${error?.stack ?? JSON.stringify(error)}`, sent }
  } finally {
    globalThis.fetch = fetch
  }
}
