import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { createClient } from 'graphql-ws'
import { CLIP, CLIP_PROGRESS, REQUEST_CLIP, STREAMS, toSocketUrl, UNKNOWN_FIELD } from './documents.js'

export function apollo(options) {
  return run(options, new HttpLink({ uri: options.url }))
}

export function apolloByGet(options) {
  return run(options, new HttpLink({ uri: options.url, useGETForQueries: true }))
}

export function apolloPersisted(options) {
  const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true })
  return run(options, persisted.concat(new HttpLink({ uri: options.url })))
}

async function sha256(text) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function run({ url, input }, http) {
  const socket = createClient({ url: toSocketUrl(url) })
  const link = ApolloLink.split(({ operationType }) => operationType === 'subscription', new GraphQLWsLink(socket), http)
  const client = new ApolloClient({ link, cache: new InMemoryCache() })
  const { streams } = (await client.query({ query: gql(STREAMS), variables: { first: 10 } })).data
  const { requestClip } = (await client.mutate({ mutation: gql(REQUEST_CLIP), variables: { input } })).data
  const { clip } = (await client.query({ query: gql(CLIP), variables: { id: requestClip.clip.id } })).data
  const states = await new Promise((resolve, reject) => {
    const seen = []
    client.subscribe({ query: gql(CLIP_PROGRESS), variables: { id: clip.id } }).subscribe({
      next: ({ data, error }) => (error ? reject(error) : seen.push(data.clipProgress.state)),
      error: reject,
      complete: () => resolve(seen),
    })
  })
  const error = await client.query({ query: gql(UNKNOWN_FIELD) }).catch((caught) => caught)
  const problem = CombinedGraphQLErrors.is(error) ? error.errors[0].extensions.code : String(error)
  client.stop()
  await socket.dispose()
  return { streams: streams.nodes, requested: requestClip.clip, clip, states, problem }
}
