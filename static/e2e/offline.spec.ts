// Without a connection: one goes on, is told so, and everything merges on return.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

test('edits made without a network merge with those of the others on return', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const a = await EditorPage.open(await browse(ara), trip)
  const b = await EditorPage.open(await browse(ara), trip)

  await a.page.context().setOffline(true)
  await a.expectState('offline')
  await a.addNotes(1, 'made in the tunnel')
  await expect(a.chip).toContainText(/[1-9]/)
  await b.addNotes(1, 'made at home')

  await a.page.context().setOffline(false)
  await a.expectState('saved')
  for (const page of [a, b]) {
    await expect(page.day(1).getByTestId('card')).toHaveCount(2)
    await expect(page.card('made in the tunnel')).toBeVisible()
    await expect(page.card('made at home')).toBeVisible()
  }
})

test('edits made while the server was away outlive the closed tab', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const page = await browse(ara)
  const before = await EditorPage.open(page, trip)
  await page.waitForLoadState('networkidle')

  await server.kill()
  await before.addNotes(2, 'on this device only')
  await expect(before.chip).toHaveAttribute('data-state', /offline|reconnecting/)
  await page.close()
  await server.run()

  const after = await EditorPage.open(await page.context().newPage(), trip)
  await expect(after.card('on this device only')).toBeVisible()
  await after.expectState('saved')
  const elsewhere = await EditorPage.open(await browse(ara), trip)
  await elsewhere.expectDay(2, ['on this device only'])
})
