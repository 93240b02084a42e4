import { EditorPage } from './editor'
import { Person, test } from './fixtures'
test('probe', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 3 })
  const a = await EditorPage.open(await browse(ara), trip)
  await a.addNotes(1, 'Market')
  await a.openCard('Market')
  const cdp = await a.page.context().newCDPSession(a.page)
  await cdp.send('Performance.enable')
  const m = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map((x) => [x.name, x.value]))
  const show = async (what: string, f: () => Promise<unknown>) => {
    const b = await m(); const t = Date.now(); await f(); const e = await m()
    console.log(what, Date.now() - t, 'ms', ['TaskDuration', 'ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration', 'LayoutCount', 'RecalcStyleCount'].map((k) => `${k} ${(e[k]! - b[k]!).toFixed(3)}`).join(' '))
  }
  await cdp.send('Profiler.enable'); await cdp.send('Profiler.start')
  await show('type 4', () => a.note.pressSequentially('abcd'))
  const { profile } = await cdp.send('Profiler.stop')
  const self = new Map<string, number>(); const byId = new Map(profile.nodes.map((n) => [n.id, n]))
  const parent = new Map<number, number>(); for (const n of profile.nodes) for (const c of n.children ?? []) parent.set(c, n.id)
  const incl = new Map<string, number>()
  profile.samples!.forEach((id, i) => { const d = profile.timeDeltas![i]!; const f = (n: any) => `${n.callFrame.functionName}@${n.callFrame.url.split('/').pop()}:${n.callFrame.lineNumber}:${n.callFrame.columnNumber}`
    self.set(f(byId.get(id)), (self.get(f(byId.get(id))) ?? 0) + d); const seen = new Set<string>(); let x: number | undefined = id; while (x !== undefined) { const k = f(byId.get(x)); if (!seen.has(k)) { seen.add(k); incl.set(k, (incl.get(k) ?? 0) + d) } x = parent.get(x) } })
  const top = (m: Map<string, number>) => [...m].sort((a, b) => b[1] - a[1]).slice(0, 25).forEach(([k, v]) => console.log((v / 1000).toFixed(0), 'ms', k))
  console.log('SELF ms'); top(self); console.log('INCL ms'); top(incl)
})
