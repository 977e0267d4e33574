//! Where files lie in the data directory. Uploads are kept; what a job writes appears whole.

use std::path::{Path, PathBuf};

/// Path of an uploaded file, relative to the data directory, as kept in `imports.file_path`.
/// `name` is the uploader's; only its extension is used.
#[must_use]
pub fn upload(id: &str, name: &str) -> String {
    let known = ["xlsx", "xlsb", "xls", "ods", "csv", "tsv", "txt"];
    let extension = Path::new(name)
        .extension()
        .and_then(|text| text.to_str())
        .unwrap_or_default();
    let extension = known.iter().find(|one| one.eq_ignore_ascii_case(extension));
    format!("uploads/{id}.{}", extension.unwrap_or(&"bin"))
}

/// The rejects of an import as a sheet, written by a `RejectsSheet` job.
#[must_use]
pub fn rejects(data_dir: &Path, import: &str) -> PathBuf {
    data_dir.join(rejects_of(import))
}

/// The same, relative to the data directory.
#[must_use]
pub fn rejects_of(import: &str) -> String {
    format!("files/rejects-{import}.xlsx")
}

/// A file of leads, written by an `ExportLeads` job. `format`: xlsx or csv.
#[must_use]
pub fn export(data_dir: &Path, export: &str, format: &str) -> PathBuf {
    data_dir
        .join("files")
        .join(format!("export-{export}.{format}"))
}

/// A campaign's report as a sheet, written by the `CampaignReport` job with this id.
#[must_use]
pub fn report(data_dir: &Path, job: &str) -> PathBuf {
    data_dir.join("files").join(format!("report-{job}.xlsx"))
}
