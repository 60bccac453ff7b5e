import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core'
import { persistedExchange } from '@urql/exchange-persisted'
import { createClient } from 'graphql-ws'
import { CLIP, CLIP_PROGRESS, REQUEST_CLIP, STREAMS, toSocketUrl, UNKNOWN_FIELD } from './documents.js'

/** As urql's documentation sets it up. It sends queries by GET. */
export function urql(options) {
  return run(options, [cacheExchange, fetchExchange])
}

/** It sends a hash alone first, by GET. */
export function urqlPersisted(options) {
  return run(options, [cacheExchange, persistedExchange(), fetchExchange])
}

async function run({ url, input }, exchanges) {
  const socket = createClient({ url: toSocketUrl(url) })
  const forwardSubscription = (request) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink) }),
  })
  const client = new Client({ url, exchanges: [...exchanges, subscriptionExchange({ forwardSubscription })] })
  const ask = async (result) => {
    const { data, error } = await result.toPromise()
    if (error) throw error
    return data
  }
  const { streams } = await ask(client.query(STREAMS, { first: 10 }))
  const { requestClip } = await ask(client.mutation(REQUEST_CLIP, { input }))
  const { clip } = await ask(client.query(CLIP, { id: requestClip.clip.id }))
  const states = await new Promise((resolve, reject) => {
    const seen = []
    const { unsubscribe } = client.subscription(CLIP_PROGRESS, { id: clip.id }).subscribe(({ data, error }) => {
      if (error) reject(error)
      if (data) seen.push(data.clipProgress.state)
      if (data?.clipProgress.state === 'READY') {
        resolve(seen)
        queueMicrotask(() => unsubscribe())
      }
    })
  })
  const { error } = await client.query(UNKNOWN_FIELD, {}).toPromise()
  await socket.dispose()
  return { streams: streams.nodes, requested: requestClip.clip, clip, states, problem: error.graphQLErrors[0].extensions.code }
}
