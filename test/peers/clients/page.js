// Every client in a browser, one after the other; what each reports is sent to the page's server.
import { CLIENTS, runClient } from './all.js'

const options = await (await fetch('/options')).json()
const reports = {}
for (const name of Object.keys(CLIENTS)) reports[name] = await runClient(name, options)
await fetch('/seen', { method: 'POST', body: JSON.stringify(reports) })
