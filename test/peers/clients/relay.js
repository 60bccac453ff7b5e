import { createClient } from 'graphql-ws'
import relayRuntime from 'relay-runtime'
import CLIP_PROGRESS from '../../fixtures/relay/operationsClipProgressSubscription.graphql.js'
import NODE from '../../fixtures/relay/operationsNodeQuery.graphql.js'
import REQUEST_CLIP from '../../fixtures/relay/operationsRequestClipMutation.graphql.js'
import STREAMS from '../../fixtures/relay/operationsStreamsQuery.graphql.js'
import { toSocketUrl } from './documents.js'

const { commitMutation, Environment, fetchQuery, Network, Observable, RecordSource, requestSubscription, Store } = relayRuntime

/** The network of Relay's documentation: fetch by POST, graphql-ws for subscriptions. */
export async function relay({ url, input }) {
  const send = async ({ text: query }, variables) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
    return response.json()
  }
  const socket = createClient({ url: toSocketUrl(url) })
  const subscribe = ({ text: query, name: operationName }, variables) =>
    Observable.create((sink) => socket.subscribe({ operationName, query, variables }, sink))
  const environment = new Environment({ network: Network.create(send, subscribe), store: new Store(new RecordSource()) })
  const { streams } = await fetchQuery(environment, STREAMS, { first: 10 }).toPromise()
  const { requestClip } = await new Promise((onCompleted, onError) => {
    commitMutation(environment, { mutation: REQUEST_CLIP, variables: { input }, onCompleted, onError })
  })
  const { node: clip } = await fetchQuery(environment, NODE, { id: requestClip.clip.id }).toPromise()
  const states = await new Promise((resolve, onError) => {
    const seen = []
    const variables = { id: clip.id }
    const onNext = ({ clipProgress }) => seen.push(clipProgress.state)
    requestSubscription(environment, { subscription: CLIP_PROGRESS, variables, onNext, onCompleted: () => resolve(seen), onError })
  })
  // The stream of the clip and the listed stream have the same ID, so they are one record in Relay's store.
  const record = environment.getStore().getSource().get(requestClip.clip.stream.id)
  const error = await fetchQuery(environment, { ...NODE, params: { ...NODE.params, text: '{ limits { nothing } }' } }, { id: 'a' })
    .toPromise()
    .catch((caught) => caught)
  await socket.dispose()
  const nodes = streams.edges.map(({ node }) => node)
  const problem = error.source?.errors[0].extensions.code ?? String(error)
  return { streams: nodes, requested: requestClip.clip, clip, states, problem, isOneRecord: record.status === nodes[0].status }
}
