//! Which role may do what: the one table that sockets and REST both ask.

use crate::ids::Role;

/// Something that a member may want to do with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// See the document, its versions and its members, and take a copy home.
    Read,
    /// Write in the chat and vote.
    Comment,
    /// Change the document, also its title.
    Edit,
    /// Save a version, or restore one.
    Save,
    /// Make, see and revoke invitations.
    Invite,
    /// Have the document begin anew, without its trash and its history.
    Renew,
    /// Change roles, take members out, archive and trash.
    Manage,
}

impl Act {
    /// All of them, from what everybody may to what owners alone may.
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::Comment,
        Self::Edit,
        Self::Save,
        Self::Invite,
        Self::Renew,
        Self::Manage,
    ];

    /// As the printed table writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Comment => "comment",
            Self::Edit => "edit",
            Self::Save => "save",
            Self::Invite => "invite",
            Self::Renew => "renew",
            Self::Manage => "manage",
        }
    }

    /// Whether it goes on while the plan is in the trash: there it can be read, and its owners can take it back.
    pub const fn goes_on_in_trash(self) -> bool {
        match self {
            Self::Read | Self::Invite | Self::Manage => true,
            Self::Comment | Self::Edit | Self::Save | Self::Renew => false,
        }
    }
}

/// Whether a member with this role may do that.
pub const fn permits(role: Role, act: Act) -> bool {
    role as u8 >= least(act) as u8
}

/// The weakest role that suffices.
pub const fn least(act: Act) -> Role {
    match act {
        Act::Read => Role::Viewer,
        Act::Comment => Role::Commenter,
        Act::Edit | Act::Save => Role::Editor,
        Act::Invite | Act::Renew | Act::Manage => Role::Owner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_as_agreed() {
        let may = |role| Act::ALL.map(|act| permits(role, act));
        assert_eq!(may(Role::Viewer), [true, false, false, false, false, false, false]);
        assert_eq!(may(Role::Commenter), [true, true, false, false, false, false, false]);
        assert_eq!(may(Role::Editor), [true, true, true, true, false, false, false]);
        assert_eq!(may(Role::Owner), [true; 7]);
    }
}
