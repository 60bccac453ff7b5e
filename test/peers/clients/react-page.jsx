// A page that polls a clip each second and plays it: by the player of docs/frontends.md, or straight from the polled URL.
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { ApolloProvider, useQuery } from '@apollo/client/react'
import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { ClipPlayer } from './clip-player.jsx'

const { url, id, isNaive, seekTo, props } = await (await fetch('/options')).json()
const seen = { times: [], urls: [], events: [], errors: 0, seekedAfterExpiry: false }
const report = (more) => fetch('/seen', { method: 'POST', body: JSON.stringify({ ...seen, ...more }) })

/** The address that each poll has given. */
const watched = async (address, init) => {
  const response = await fetch(address, init)
  const { data } = await response.clone().json()
  if (data?.clip) seen.urls.push(data.clip)
  return response
}
const client = new ApolloClient({ link: new HttpLink({ uri: url, fetch: watched }), cache: new InMemoryCache() })

const POLLED = gql`query Polled($id: ID!) { clip(id: $id) { id downloadUrl } }`

function NaivePlayer({ id, ...rest }) {
  const { data } = useQuery(POLLED, { variables: { id }, pollInterval: 1000 })
  return data ? <video src={data.clip.downloadUrl} {...rest} /> : null
}

function Page() {
  useEffect(() => {
    const follow = setInterval(() => {
      const video = document.querySelector('video')
      if (video === null || video.isFollowed) return
      video.isFollowed = true
      for (const name of ['emptied', 'error', 'ended', 'seeked', 'loadedmetadata', 'stalled']) {
        video.addEventListener(name, () => seen.events.push(`${name} ${video.currentTime.toFixed(2)}`))
      }
      video.addEventListener('timeupdate', () => seen.times.push(video.currentTime))
      video.addEventListener('ended', () => report({ durationS: video.duration }))
      if (isNaive) setTimeout(() => report({ durationS: video.duration }), 12_000)
    }, 10)
    const expire = setInterval(() => {
      const video = document.querySelector('video')
      if (seekTo === undefined || video === null || !(video.currentTime > 0)) return
      if (Date.now() < Date.parse(seen.urls[0].expiresAt)) return
      clearInterval(expire)
      seen.seekedAfterExpiry = true
      video.currentTime = seekTo
    }, 50)
    return () => [follow, expire].forEach(clearInterval)
  }, [])
  const Player = isNaive ? NaivePlayer : ClipPlayer
  return <Player id={id} autoPlay muted {...props} />
}

createRoot(document.body).render(
  <ApolloProvider client={client}>
    <Page />
  </ApolloProvider>,
)
