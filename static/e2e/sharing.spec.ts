// Others by an invite link: what a viewer sees and can't do, and what changes when the owner says so.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

test('who comes by a viewer\'s link signs up, sees everything live, and changes nothing', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const owner = await EditorPage.open(await browse(ara), trip)
  await owner.addNotes(1, 'Market')

  await owner.page.getByTestId('share').click()
  await owner.page.getByTestId('invite-role').selectOption('viewer')
  await owner.page.getByTestId('invite-create').click()
  const link = await owner.page.getByTestId('invite-link').inputValue()
  await owner.page.keyboard.press('Escape')

  const guest = await browse()
  await guest.goto(link)
  await expect(guest.getByTestId('invite-offer')).toContainText('Jeju')
  await guest.getByTestId('invite-signup').click()
  await guest.getByTestId('name').fill('Guest')
  await guest.getByTestId('mail').fill('guest@example.org')
  await guest.getByTestId('password').fill('correct horse battery staple')
  await guest.getByTestId('submit').click()
  await guest.getByTestId('invite-accept').click()

  const viewer = new EditorPage(guest)
  await viewer.expectState('readonly')
  await viewer.expectDay(1, ['Market'])
  await expect(guest.getByTestId('add-note')).toHaveCount(0)
  await viewer.openCard('Market')
  await expect(viewer.title).not.toBeEditable()
  await owner.addNotes(2, 'Harbour')
  await viewer.expectDay(2, ['Harbour'])
  await expect(owner.others).toHaveCount(1)

  await test.step('made an editor, the guest writes without coming anew', async () => {
    await owner.page.getByTestId('share').click()
    await owner.page.getByTestId('member').filter({ hasText: 'Guest' }).getByTestId('member-role').selectOption('editor')
    await owner.page.keyboard.press('Escape')
    await viewer.expectState('saved')
    await viewer.addNotes(2, 'Lighthouse')
    await owner.expectDay(2, ['Harbour', 'Lighthouse'])
  })

  await test.step('removed, the guest is told so', async () => {
    await owner.page.getByTestId('share').click()
    await owner.page.getByTestId('member').filter({ hasText: 'Guest' }).getByTestId('member-remove').click()
    await owner.page.getByTestId('confirm-no').click()
    await expect(owner.page.getByTestId('member')).toHaveCount(2)
    await owner.page.getByTestId('member').filter({ hasText: 'Guest' }).getByTestId('member-remove').click()
    await owner.page.getByTestId('confirm-yes').click()
    await expect(guest.getByTestId('stopped')).toHaveAttribute('data-reason', 'gone')
  })
})

test('a stranger to a trip finds nothing there', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Secret' })
  const stranger = await browse(await Person.signUp(server, 'Stranger'))
  await stranger.goto(`/trips/${trip.replace('trip:', '')}`)
  await expect(stranger.getByTestId('missing').or(stranger.getByTestId('broken')).or(stranger.getByTestId('stopped'))).toBeVisible()
  await expect(stranger.getByText('Secret')).toHaveCount(0)
})
