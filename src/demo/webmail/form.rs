//! A form with files, as browsers send it (RFC 7578).

use axum::extract::Multipart;

use super::answer::Fault;
use crate::mail::DraftFile;

#[derive(Debug, Default)]
pub struct Form {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub files: Vec<DraftFile>,
}

/// Reads a form; fields of other names are passed over.
pub async fn read(mut multipart: Multipart) -> Result<Form, Fault> {
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await.map_err(|_| Fault::Form)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let file_name = field.file_name().unwrap_or_default().to_owned();
            let content_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes = field.bytes().await.map_err(|_| Fault::Form)?.to_vec();
            // A browser sends an empty file where none was chosen.
            if !file_name.is_empty() {
                form.files.push(DraftFile { name: file_name, content_type, bytes });
            }
            continue;
        }
        let value = field.text().await.map_err(|_| Fault::Form)?;
        match name.as_str() {
            "to" => form.to = value.trim().to_owned(),
            "subject" => form.subject = value,
            "text" => form.text = value.replace("\r\n", "\n"),
            _ => {}
        }
    }
    Ok(form)
}
