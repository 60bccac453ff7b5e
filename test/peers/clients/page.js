// Runs every client in a browser, one after another, and sends the reports to the server of the page.
import { CLIENTS, runClient } from './all.js'

const options = await (await fetch('/options')).json()
const reports = {}
for (const name of Object.keys(CLIENTS)) reports[name] = await runClient(name, options)
await fetch('/seen', { method: 'POST', body: JSON.stringify(reports) })
