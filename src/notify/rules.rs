//! Who is told of what. Pure.

use crate::{
    ids::{Role, UserId},
    store::NoticeKind,
};

/// What somebody did with a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Came in by an invitation.
    Joined(Role),
    /// Left by themselves.
    Left,
    /// Gave a member another role.
    RoleChanged(UserId, Role),
    /// Took a member out.
    Removed(UserId),
    /// Put it into the trash.
    Trashed,
    /// Took it out of the trash.
    Untrashed,
    /// Made the document what it was in an older version.
    VersionRestored,
    /// Had the document begin anew.
    BeganAnew,
}

impl Deed {
    pub(super) fn kind(self) -> NoticeKind {
        match self {
            Self::Joined(_) => NoticeKind::Joined,
            Self::Left => NoticeKind::Left,
            Self::RoleChanged(..) => NoticeKind::RoleChanged,
            Self::Removed(_) => NoticeKind::Removed,
            Self::Trashed => NoticeKind::Trashed,
            Self::Untrashed => NoticeKind::Untrashed,
            Self::VersionRestored => NoticeKind::VersionRestored,
            Self::BeganAnew => NoticeKind::BeganAnew,
        }
    }

    pub(super) fn role(self) -> Option<Role> {
        match self {
            Self::Joined(role) | Self::RoleChanged(_, role) => Some(role),
            Self::Left
            | Self::Removed(_)
            | Self::Trashed
            | Self::Untrashed
            | Self::VersionRestored
            | Self::BeganAnew => None,
        }
    }
}

/// Whom it concerns, of those who are members now: never who did it.
pub(super) fn concerned(
    deed: Deed,
    by: UserId,
    members: impl Iterator<Item = (UserId, Role)>,
) -> Vec<UserId> {
    let mut told: Vec<UserId> = match deed {
        Deed::Joined(_) | Deed::Left => {
            members.filter(|(_, role)| *role == Role::Owner).map(|(user, _)| user).collect()
        }
        // Who was taken out is no member any more.
        Deed::RoleChanged(user, _) | Deed::Removed(user) => vec![user],
        Deed::Trashed | Deed::Untrashed | Deed::VersionRestored | Deed::BeganAnew => {
            members.map(|(user, _)| user).collect()
        }
    };
    told.retain(|user| *user != by);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_what_concerns_them_and_nobody_what_they_did() {
        let [owner, second, editor, viewer] = [(); 4].map(|()| UserId::new());
        let members = [
            (owner, Role::Owner),
            (second, Role::Owner),
            (editor, Role::Editor),
            (viewer, Role::Viewer),
        ];
        let told = |deed, by| concerned(deed, by, members.into_iter());
        let gone = UserId::new();
        assert_eq!(told(Deed::Joined(Role::Editor), editor), [owner, second]);
        assert_eq!(told(Deed::Left, second), [owner]);
        assert_eq!(told(Deed::RoleChanged(viewer, Role::Editor), owner), [viewer]);
        assert_eq!(told(Deed::RoleChanged(owner, Role::Editor), owner), []);
        assert_eq!(told(Deed::Removed(gone), owner), [gone]);
        for deed in [Deed::Trashed, Deed::Untrashed, Deed::VersionRestored, Deed::BeganAnew] {
            assert_eq!(told(deed, second), [owner, editor, viewer]);
        }
    }
}
