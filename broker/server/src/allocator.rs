//! The allocator of the whole process, chosen in this file and nowhere else.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Has the kernel give memory in small pages only.
///
/// The allocator asks for huge ones, and then a few bytes can cost two megabytes; the messages of a
/// broker are no faster for them.
pub(crate) fn use_small_pages() {
    // Refused by very old kernels only, which costs some memory and nothing else.
    let _ = nix::sys::prctl::set_thp_disable(true);
}
